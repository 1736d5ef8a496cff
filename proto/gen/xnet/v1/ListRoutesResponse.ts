// Original file: proto/xnet/v1/pool.proto

import type { RouteEntry as _xnet_v1_RouteEntry, RouteEntry__Output as _xnet_v1_RouteEntry__Output } from '../../xnet/v1/RouteEntry.js';
import type { Long } from '@grpc/proto-loader';

export interface ListRoutesResponse {
  'routes'?: (_xnet_v1_RouteEntry)[];
  'revision'?: (number | string | Long);
  'unresolved'?: (string)[];
}

export interface ListRoutesResponse__Output {
  'routes': (_xnet_v1_RouteEntry__Output)[];
  'revision': (number);
  'unresolved': (string)[];
}
