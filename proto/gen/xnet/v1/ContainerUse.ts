// Original file: proto/xnet/v1/lease_types.proto


export interface ContainerUse {
  'name'?: (string);
  'subnet'?: (string);
  'id'?: (string);
  'askedAddress'?: (string);
}

export interface ContainerUse__Output {
  'name': (string);
  'subnet': (string);
  'id': (string);
  'askedAddress': (string);
}
