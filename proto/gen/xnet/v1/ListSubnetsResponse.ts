// Original file: proto/xnet/v1/pool.proto

import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from '../../xnet/v1/Subnet.js';

export interface ListSubnetsResponse {
  'subnets'?: (_xnet_v1_Subnet)[];
}

export interface ListSubnetsResponse__Output {
  'subnets': (_xnet_v1_Subnet__Output)[];
}
