// Original file: proto/xnet/v1/nic.proto

import type { NicStatus as _xnet_v1_NicStatus, NicStatus__Output as _xnet_v1_NicStatus__Output } from '../../xnet/v1/NicStatus.js';

export interface RemoveNicResponse {
  'nic'?: (_xnet_v1_NicStatus | null);
}

export interface RemoveNicResponse__Output {
  'nic': (_xnet_v1_NicStatus__Output | null);
}
