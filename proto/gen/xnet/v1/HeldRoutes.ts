// Original file: proto/xnet/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface HeldRoutes {
  'count'?: (number);
  'subnets'?: (string)[];
  'epoch'?: (number | string | Long);
  'revision'?: (number | string | Long);
  'unexplained'?: (boolean);
}

export interface HeldRoutes__Output {
  'count': (number);
  'subnets': (string)[];
  'epoch': (number);
  'revision': (number);
  'unexplained': (boolean);
}
