// Original file: proto/xnet/v1/lease_types.proto


export interface Nic {
  'address'?: (string);
  'container'?: (string);
  'interfaceName'?: (string);
}

export interface Nic__Output {
  'address': (string);
  'container': (string);
  'interfaceName': (string);
}
