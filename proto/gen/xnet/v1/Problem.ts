// Original file: proto/xnet/v1/status.proto


export interface Problem {
  'text'?: (string);
  'fix'?: (string);
}

export interface Problem__Output {
  'text': (string);
  'fix': (string);
}
