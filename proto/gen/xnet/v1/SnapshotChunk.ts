// Original file: proto/xnet/v1/node.proto

import type { Version as _xnet_v1_Version, Version__Output as _xnet_v1_Version__Output } from '../../xnet/v1/Version.js';
import type { Route as _xnet_v1_Route, Route__Output as _xnet_v1_Route__Output } from '../../xnet/v1/Route.js';
import type { Destination as _xnet_v1_Destination, Destination__Output as _xnet_v1_Destination__Output } from '../../xnet/v1/Destination.js';
import type { PoolRange as _xnet_v1_PoolRange, PoolRange__Output as _xnet_v1_PoolRange__Output } from '../../xnet/v1/PoolRange.js';

export interface SnapshotChunk {
  'version'?: (_xnet_v1_Version | null);
  'routes'?: (_xnet_v1_Route)[];
  'unresolved'?: (_xnet_v1_Destination)[];
  'pools'?: (_xnet_v1_PoolRange)[];
  'first'?: (boolean);
  'last'?: (boolean);
  'fresh'?: (boolean);
  'unexplained'?: (_xnet_v1_Destination)[];
}

export interface SnapshotChunk__Output {
  'version': (_xnet_v1_Version__Output | null);
  'routes': (_xnet_v1_Route__Output)[];
  'unresolved': (_xnet_v1_Destination__Output)[];
  'pools': (_xnet_v1_PoolRange__Output)[];
  'first': (boolean);
  'last': (boolean);
  'fresh': (boolean);
  'unexplained': (_xnet_v1_Destination__Output)[];
}
