// Original file: proto/xnet/v1/types.proto


export interface HostNetwork {
  'cidr'?: (string);
  'source'?: (string);
  'address'?: (string);
  'dockerNetwork'?: (string);
}

export interface HostNetwork__Output {
  'cidr': (string);
  'source': (string);
  'address': (string);
  'dockerNetwork': (string);
}
