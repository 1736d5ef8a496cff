// Original file: proto/xnet/v1/lease_types.proto


export interface NicUse {
  'address'?: (string);
  'ready'?: (boolean);
  'reason'?: (string);
  'message'?: (string);
}

export interface NicUse__Output {
  'address': (string);
  'ready': (boolean);
  'reason': (string);
  'message': (string);
}
