// Original file: proto/xnet/v1/node.proto


export interface PoolRange {
  'network'?: (number);
  'prefixLength'?: (number);
  'subnetLength'?: (number);
}

export interface PoolRange__Output {
  'network': (number);
  'prefixLength': (number);
  'subnetLength': (number);
}
