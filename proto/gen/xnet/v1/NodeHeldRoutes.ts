// Original file: proto/xnet/v1/held_route.proto

import type { HeldRoutes as _xnet_v1_HeldRoutes, HeldRoutes__Output as _xnet_v1_HeldRoutes__Output } from '../../xnet/v1/HeldRoutes.js';
import type { Long } from '@grpc/proto-loader';

export interface NodeHeldRoutes {
  'nodeName'?: (string);
  'held'?: (_xnet_v1_HeldRoutes | null);
  'sinceMs'?: (number | string | Long);
  'connected'?: (boolean);
}

export interface NodeHeldRoutes__Output {
  'nodeName': (string);
  'held': (_xnet_v1_HeldRoutes__Output | null);
  'sinceMs': (number);
  'connected': (boolean);
}
