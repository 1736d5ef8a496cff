// Original file: proto/xnet/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface Event {
  'id'?: (string);
  'timeMs'?: (number | string | Long);
  'reason'?: (string);
  'warning'?: (boolean);
  'subject'?: (string);
  'message'?: (string);
}

export interface Event__Output {
  'id': (string);
  'timeMs': (number);
  'reason': (string);
  'warning': (boolean);
  'subject': (string);
  'message': (string);
}
