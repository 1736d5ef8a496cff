// Original file: proto/xnet/v1/nic.proto

import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from '../../xnet/v1/Nic.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from '../../xnet/v1/NicUse.js';
import type { Long } from '@grpc/proto-loader';

export interface NicStatus {
  'nic'?: (_xnet_v1_Nic | null);
  'node'?: (string);
  'pool'?: (string);
  'addedMs'?: (number | string | Long);
  'use'?: (_xnet_v1_NicUse | null);
  'leased'?: (boolean);
}

export interface NicStatus__Output {
  'nic': (_xnet_v1_Nic__Output | null);
  'node': (string);
  'pool': (string);
  'addedMs': (number);
  'use': (_xnet_v1_NicUse__Output | null);
  'leased': (boolean);
}
