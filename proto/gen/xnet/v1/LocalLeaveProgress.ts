// Original file: proto/xnet/v1/local.proto


export interface LocalLeaveProgress {
  'step'?: (string);
  'done'?: (boolean);
  'leaseUnknown'?: (boolean);
}

export interface LocalLeaveProgress__Output {
  'step': (string);
  'done': (boolean);
  'leaseUnknown': (boolean);
}
