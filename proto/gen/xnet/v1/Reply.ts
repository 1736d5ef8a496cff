// Original file: proto/xnet/v1/diagnosis.proto


export interface Reply {
  'sequence'?: (number);
  'micros'?: (number);
}

export interface Reply__Output {
  'sequence': (number);
  'micros': (number);
}
