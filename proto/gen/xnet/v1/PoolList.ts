// Original file: proto/xnet/v1/node.proto

import type { PoolRange as _xnet_v1_PoolRange, PoolRange__Output as _xnet_v1_PoolRange__Output } from '../../xnet/v1/PoolRange.js';

export interface PoolList {
  'pools'?: (_xnet_v1_PoolRange)[];
}

export interface PoolList__Output {
  'pools': (_xnet_v1_PoolRange__Output)[];
}
