// Original file: proto/xnet/v1/status.proto


export interface NodeCounts {
  'total'?: (number);
  'ready'?: (number);
  'progressing'?: (number);
  'degraded'?: (number);
  'down'?: (number);
  'pending'?: (number);
  'revoked'?: (number);
  'cordoned'?: (number);
  'draining'?: (number);
  'leaving'?: (number);
}

export interface NodeCounts__Output {
  'total': (number);
  'ready': (number);
  'progressing': (number);
  'degraded': (number);
  'down': (number);
  'pending': (number);
  'revoked': (number);
  'cordoned': (number);
  'draining': (number);
  'leaving': (number);
}
