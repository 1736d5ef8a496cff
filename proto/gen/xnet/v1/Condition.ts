// Original file: proto/xnet/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface Condition {
  'type'?: (string);
  'ok'?: (boolean);
  'transient'?: (boolean);
  'reason'?: (string);
  'message'?: (string);
  'sinceMs'?: (number | string | Long);
  'fix'?: (string);
}

export interface Condition__Output {
  'type': (string);
  'ok': (boolean);
  'transient': (boolean);
  'reason': (string);
  'message': (string);
  'sinceMs': (number);
  'fix': (string);
}
