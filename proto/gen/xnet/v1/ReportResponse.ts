// Original file: proto/xnet/v1/node.proto


export interface ReportResponse {
  'nextReportMs'?: (number);
  'spreadMs'?: (number);
}

export interface ReportResponse__Output {
  'nextReportMs': (number);
  'spreadMs': (number);
}
