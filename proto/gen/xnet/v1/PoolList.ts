// Original file: proto/xnet/v1/node.proto

import type { Destination as _xnet_v1_Destination, Destination__Output as _xnet_v1_Destination__Output } from '../../xnet/v1/Destination.js';

export interface PoolList {
  'pools'?: (_xnet_v1_Destination)[];
}

export interface PoolList__Output {
  'pools': (_xnet_v1_Destination__Output)[];
}
