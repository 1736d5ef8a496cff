// Original file: proto/xnet/v1/pool.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from '../../xnet/v1/Lan.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from '../../xnet/v1/Reservation.js';

export interface CreatePoolRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'cidr'?: (string);
  'subnetLength'?: (number);
  'mode'?: (_xnet_v1_Mode);
  'networkName'?: (string);
  'bridgeName'?: (string);
  'quarantineSeconds'?: (number);
  'networkLength'?: (number);
  'dockerLength'?: (number);
  'lan'?: (_xnet_v1_Lan | null);
  'reservations'?: (_xnet_v1_Reservation)[];
  '_quarantineSeconds'?: "quarantineSeconds";
}

export interface CreatePoolRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'cidr': (string);
  'subnetLength': (number);
  'mode': (_xnet_v1_Mode__Output);
  'networkName': (string);
  'bridgeName': (string);
  'quarantineSeconds'?: (number);
  'networkLength': (number);
  'dockerLength': (number);
  'lan': (_xnet_v1_Lan__Output | null);
  'reservations': (_xnet_v1_Reservation__Output)[];
  '_quarantineSeconds'?: "quarantineSeconds";
}
