// Original file: proto/xnet/v1/lease_types.proto

import type { Long } from '@grpc/proto-loader';

export interface LeaseUse {
  'subnet'?: (string);
  'generation'?: (number | string | Long);
  'inForce'?: (boolean);
  'ending'?: (boolean);
  'inUse'?: (boolean);
  'attached'?: (string)[];
}

export interface LeaseUse__Output {
  'subnet': (string);
  'generation': (number);
  'inForce': (boolean);
  'ending': (boolean);
  'inUse': (boolean);
  'attached': (string)[];
}
