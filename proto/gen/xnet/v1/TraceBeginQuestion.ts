// Original file: proto/xnet/v1/diagnosis.proto


export interface TraceBeginQuestion {
  'identifier'?: (number);
}

export interface TraceBeginQuestion__Output {
  'identifier': (number);
}
