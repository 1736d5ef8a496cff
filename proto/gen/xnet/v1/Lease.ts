// Original file: proto/xnet/v1/lease_types.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { LeaseState as _xnet_v1_LeaseState, LeaseState__Output as _xnet_v1_LeaseState__Output } from '../../xnet/v1/LeaseState.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from '../../xnet/v1/Lan.js';
import type { Long } from '@grpc/proto-loader';

export interface Lease {
  'pool'?: (string);
  'subnet'?: (string);
  'gateway'?: (string);
  'generation'?: (number | string | Long);
  'mode'?: (_xnet_v1_Mode);
  'networkName'?: (string);
  'bridgeName'?: (string);
  'state'?: (_xnet_v1_LeaseState);
  'sinceMs'?: (number | string | Long);
  'networkLength'?: (number);
  'dockerLength'?: (number);
  'lan'?: (_xnet_v1_Lan | null);
  'network'?: (string);
  'detach'?: (boolean);
}

export interface Lease__Output {
  'pool': (string);
  'subnet': (string);
  'gateway': (string);
  'generation': (number);
  'mode': (_xnet_v1_Mode__Output);
  'networkName': (string);
  'bridgeName': (string);
  'state': (_xnet_v1_LeaseState__Output);
  'sinceMs': (number);
  'networkLength': (number);
  'dockerLength': (number);
  'lan': (_xnet_v1_Lan__Output | null);
  'network': (string);
  'detach': (boolean);
}
