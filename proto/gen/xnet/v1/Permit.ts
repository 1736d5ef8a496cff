// Original file: proto/xnet/v1/lease_types.proto

import type { Long } from '@grpc/proto-loader';

export interface Permit {
  'rollout'?: (string);
  'subnet'?: (string);
  'generation'?: (number | string | Long);
}

export interface Permit__Output {
  'rollout': (string);
  'subnet': (string);
  'generation': (number);
}
