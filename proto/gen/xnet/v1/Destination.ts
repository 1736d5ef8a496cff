// Original file: proto/xnet/v1/node.proto


export interface Destination {
  'network'?: (number);
  'prefixLength'?: (number);
}

export interface Destination__Output {
  'network': (number);
  'prefixLength': (number);
}
