// Original file: proto/xnet/v1/pool.proto

import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from '../../xnet/v1/Pool.js';
import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from '../../xnet/v1/Subnet.js';

export interface GetPoolResponse {
  'pool'?: (_xnet_v1_Pool | null);
  'subnets'?: (_xnet_v1_Subnet)[];
}

export interface GetPoolResponse__Output {
  'pool': (_xnet_v1_Pool__Output | null);
  'subnets': (_xnet_v1_Subnet__Output)[];
}
