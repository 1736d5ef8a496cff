// Original file: proto/xnet/v1/diagnosis.proto


export interface ProbeQuestion {
  'container'?: (string);
  'from'?: (string);
  'to'?: (string)[];
  'identifier'?: (number);
  'longestBytes'?: (number);
  'count'?: (number);
}

export interface ProbeQuestion__Output {
  'container': (string);
  'from': (string);
  'to': (string)[];
  'identifier': (number);
  'longestBytes': (number);
  'count': (number);
}
