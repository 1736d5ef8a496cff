// Original file: proto/xnet/v1/types.proto


export interface Reservation {
  'cidr'?: (string);
  'nodeName'?: (string);
  'reason'?: (string);
}

export interface Reservation__Output {
  'cidr': (string);
  'nodeName': (string);
  'reason': (string);
}
