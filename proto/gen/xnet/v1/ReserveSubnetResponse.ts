// Original file: proto/xnet/v1/pool.proto

import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from '../../xnet/v1/Pool.js';

export interface ReserveSubnetResponse {
  'pool'?: (_xnet_v1_Pool | null);
  'unchanged'?: (boolean);
}

export interface ReserveSubnetResponse__Output {
  'pool': (_xnet_v1_Pool__Output | null);
  'unchanged': (boolean);
}
