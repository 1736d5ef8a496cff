// Original file: proto/xnet/v1/network.proto

import type { Network as _xnet_v1_Network, Network__Output as _xnet_v1_Network__Output } from '../../xnet/v1/Network.js';
import type { NetworkMember as _xnet_v1_NetworkMember, NetworkMember__Output as _xnet_v1_NetworkMember__Output } from '../../xnet/v1/NetworkMember.js';

export interface RemoveNetworkResponse {
  'network'?: (_xnet_v1_Network | null);
  'members'?: (_xnet_v1_NetworkMember)[];
  'unchanged'?: (boolean);
  'change'?: (string);
}

export interface RemoveNetworkResponse__Output {
  'network': (_xnet_v1_Network__Output | null);
  'members': (_xnet_v1_NetworkMember__Output)[];
  'unchanged': (boolean);
  'change': (string);
}
