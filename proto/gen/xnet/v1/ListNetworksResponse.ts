// Original file: proto/xnet/v1/network.proto

import type { Network as _xnet_v1_Network, Network__Output as _xnet_v1_Network__Output } from '../../xnet/v1/Network.js';

export interface ListNetworksResponse {
  'networks'?: (_xnet_v1_Network)[];
}

export interface ListNetworksResponse__Output {
  'networks': (_xnet_v1_Network__Output)[];
}
