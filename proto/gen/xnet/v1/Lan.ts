// Original file: proto/xnet/v1/lease_types.proto


export interface Lan {
  'prefix'?: (string);
  'gateway'?: (string);
}

export interface Lan__Output {
  'prefix': (string);
  'gateway': (string);
}
