// Original file: proto/xnet/v1/pool.proto

import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from '../../xnet/v1/Pool.js';

export interface CreatePoolResponse {
  'pool'?: (_xnet_v1_Pool | null);
  'unchanged'?: (boolean);
  'warnings'?: (string)[];
}

export interface CreatePoolResponse__Output {
  'pool': (_xnet_v1_Pool__Output | null);
  'unchanged': (boolean);
  'warnings': (string)[];
}
