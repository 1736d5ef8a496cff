// Original file: proto/xnet/v1/admin.proto


export interface Problem {
  'text'?: (string);
  'fix'?: (string);
}

export interface Problem__Output {
  'text': (string);
  'fix': (string);
}
