// Original file: proto/xnet/v1/static_route.proto

import type { StaticRoute as _xnet_v1_StaticRoute, StaticRoute__Output as _xnet_v1_StaticRoute__Output } from '../../xnet/v1/StaticRoute.js';
import type { Long } from '@grpc/proto-loader';

export interface RemoveStaticRouteResponse {
  'route'?: (_xnet_v1_StaticRoute | null);
  'quarantinedUntilMs'?: (number | string | Long);
}

export interface RemoveStaticRouteResponse__Output {
  'route': (_xnet_v1_StaticRoute__Output | null);
  'quarantinedUntilMs': (number);
}
