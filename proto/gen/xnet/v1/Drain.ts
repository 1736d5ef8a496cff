// Original file: proto/xnet/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface Drain {
  'sinceMs'?: (number | string | Long);
  'deadlineMs'?: (number | string | Long);
  'drainedMs'?: (number | string | Long);
  'missedMs'?: (number | string | Long);
  'remove'?: (boolean);
  'leave'?: (boolean);
}

export interface Drain__Output {
  'sinceMs': (number);
  'deadlineMs': (number);
  'drainedMs': (number);
  'missedMs': (number);
  'remove': (boolean);
  'leave': (boolean);
}
