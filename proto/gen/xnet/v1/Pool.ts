// Original file: proto/xnet/v1/types.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from '../../xnet/v1/Reservation.js';
import type { PoolUsage as _xnet_v1_PoolUsage, PoolUsage__Output as _xnet_v1_PoolUsage__Output } from '../../xnet/v1/PoolUsage.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from '../../xnet/v1/Lan.js';
import type { Long } from '@grpc/proto-loader';

export interface Pool {
  'name'?: (string);
  'cidr'?: (string);
  'subnetLength'?: (number);
  'mode'?: (_xnet_v1_Mode);
  'networkName'?: (string);
  'bridgeName'?: (string);
  'quarantineSeconds'?: (number);
  'reservations'?: (_xnet_v1_Reservation)[];
  'createdMs'?: (number | string | Long);
  'usage'?: (_xnet_v1_PoolUsage | null);
  'reclaimAfterSeconds'?: (number);
  'followAddress'?: (boolean);
  'networkLength'?: (number);
  'dockerLength'?: (number);
  'lan'?: (_xnet_v1_Lan | null);
}

export interface Pool__Output {
  'name': (string);
  'cidr': (string);
  'subnetLength': (number);
  'mode': (_xnet_v1_Mode__Output);
  'networkName': (string);
  'bridgeName': (string);
  'quarantineSeconds': (number);
  'reservations': (_xnet_v1_Reservation__Output)[];
  'createdMs': (number);
  'usage': (_xnet_v1_PoolUsage__Output | null);
  'reclaimAfterSeconds': (number);
  'followAddress': (boolean);
  'networkLength': (number);
  'dockerLength': (number);
  'lan': (_xnet_v1_Lan__Output | null);
}
