// Original file: proto/xnet/v1/security.proto


export interface RevokeCertificateRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'serial'?: (string);
}

export interface RevokeCertificateRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'serial': (string);
}
