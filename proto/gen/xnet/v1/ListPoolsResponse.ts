// Original file: proto/xnet/v1/pool.proto

import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from '../../xnet/v1/Pool.js';

export interface ListPoolsResponse {
  'pools'?: (_xnet_v1_Pool)[];
}

export interface ListPoolsResponse__Output {
  'pools': (_xnet_v1_Pool__Output)[];
}
