// Original file: proto/xnet/v1/node.proto

import type { Version as _xnet_v1_Version, Version__Output as _xnet_v1_Version__Output } from '../../xnet/v1/Version.js';
import type { Route as _xnet_v1_Route, Route__Output as _xnet_v1_Route__Output } from '../../xnet/v1/Route.js';
import type { Destination as _xnet_v1_Destination, Destination__Output as _xnet_v1_Destination__Output } from '../../xnet/v1/Destination.js';
import type { PoolList as _xnet_v1_PoolList, PoolList__Output as _xnet_v1_PoolList__Output } from '../../xnet/v1/PoolList.js';
import type { Long } from '@grpc/proto-loader';

export interface Delta {
  'fromRevision'?: (number | string | Long);
  'to'?: (_xnet_v1_Version | null);
  'upserts'?: (_xnet_v1_Route)[];
  'removals'?: (_xnet_v1_Destination)[];
  'unresolved'?: (_xnet_v1_Destination)[];
  'pools'?: (_xnet_v1_PoolList | null);
}

export interface Delta__Output {
  'fromRevision': (number);
  'to': (_xnet_v1_Version__Output | null);
  'upserts': (_xnet_v1_Route__Output)[];
  'removals': (_xnet_v1_Destination__Output)[];
  'unresolved': (_xnet_v1_Destination__Output)[];
  'pools': (_xnet_v1_PoolList__Output | null);
}
