// Original file: proto/xnet/v1/diagnosis.proto


export interface Decision {
  'errno'?: (string);
  'table'?: (number);
  'interface'?: (string);
  'gateway'?: (string);
}

export interface Decision__Output {
  'errno': (string);
  'table': (number);
  'interface': (string);
  'gateway': (string);
}
