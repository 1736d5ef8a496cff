// Original file: proto/xnet/v1/node.proto


export interface Route {
  'network'?: (number);
  'prefixLength'?: (number);
  'nextHop'?: (number);
  'nodeName'?: (string);
  'static'?: (boolean);
}

export interface Route__Output {
  'network': (number);
  'prefixLength': (number);
  'nextHop': (number);
  'nodeName': (string);
  'static': (boolean);
}
