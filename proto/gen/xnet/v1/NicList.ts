// Original file: proto/xnet/v1/lease_types.proto

import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from '../../xnet/v1/Nic.js';
import type { Long } from '@grpc/proto-loader';

export interface NicList {
  'epoch'?: (number | string | Long);
  'revision'?: (number | string | Long);
  'nics'?: (_xnet_v1_Nic)[];
}

export interface NicList__Output {
  'epoch': (number);
  'revision': (number);
  'nics': (_xnet_v1_Nic__Output)[];
}
