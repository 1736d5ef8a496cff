// Original file: proto/xnet/v1/lease_types.proto


export interface Lan {
  'prefix'?: (string);
  'gateway'?: (string);
  'defaultNetwork'?: (boolean);
}

export interface Lan__Output {
  'prefix': (string);
  'gateway': (string);
  'defaultNetwork': (boolean);
}
