// Original file: proto/xnet/v1/static_route.proto

import type { StaticRoute as _xnet_v1_StaticRoute, StaticRoute__Output as _xnet_v1_StaticRoute__Output } from '../../xnet/v1/StaticRoute.js';

export interface AddStaticRouteResponse {
  'route'?: (_xnet_v1_StaticRoute | null);
  'unchanged'?: (boolean);
  'change'?: (string);
  'warnings'?: (string)[];
}

export interface AddStaticRouteResponse__Output {
  'route': (_xnet_v1_StaticRoute__Output | null);
  'unchanged': (boolean);
  'change': (string);
  'warnings': (string)[];
}
