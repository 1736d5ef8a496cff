// Original file: proto/xnet/v1/security.proto


export interface RotationProgress {
  'nodes'?: (number);
  'renewed'?: (number);
  'pending'?: (string)[];
  'pendingDown'?: (number);
  'done'?: (boolean);
  'people'?: (string)[];
}

export interface RotationProgress__Output {
  'nodes': (number);
  'renewed': (number);
  'pending': (string)[];
  'pendingDown': (number);
  'done': (boolean);
  'people': (string)[];
}
