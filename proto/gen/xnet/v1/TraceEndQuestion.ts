// Original file: proto/xnet/v1/diagnosis.proto


export interface TraceEndQuestion {
  'identifier'?: (number);
}

export interface TraceEndQuestion__Output {
  'identifier': (number);
}
