// Original file: proto/xnet/v1/status.proto

import type { Long } from '@grpc/proto-loader';

export interface ControllerStatus {
  'id'?: (string);
  'version'?: (string);
  'startedMs'?: (number | string | Long);
  'sessions'?: (number);
  'addresses'?: (string)[];
}

export interface ControllerStatus__Output {
  'id': (string);
  'version': (string);
  'startedMs': (number);
  'sessions': (number);
  'addresses': (string)[];
}
