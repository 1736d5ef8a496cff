// Original file: proto/xnet/v1/types.proto

import type { SubnetState as _xnet_v1_SubnetState, SubnetState__Output as _xnet_v1_SubnetState__Output } from '../../xnet/v1/SubnetState.js';
import type { LeaseState as _xnet_v1_LeaseState, LeaseState__Output as _xnet_v1_LeaseState__Output } from '../../xnet/v1/LeaseState.js';
import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { Long } from '@grpc/proto-loader';

export interface Subnet {
  'cidr'?: (string);
  'pool'?: (string);
  'state'?: (_xnet_v1_SubnetState);
  'nodeName'?: (string);
  'nodeId'?: (string);
  'generation'?: (number | string | Long);
  'sinceMs'?: (number | string | Long);
  'untilMs'?: (number | string | Long);
  'reason'?: (string);
  'leaseState'?: (_xnet_v1_LeaseState);
  'mode'?: (_xnet_v1_Mode);
  'nextHop'?: (string);
}

export interface Subnet__Output {
  'cidr': (string);
  'pool': (string);
  'state': (_xnet_v1_SubnetState__Output);
  'nodeName': (string);
  'nodeId': (string);
  'generation': (number);
  'sinceMs': (number);
  'untilMs': (number);
  'reason': (string);
  'leaseState': (_xnet_v1_LeaseState__Output);
  'mode': (_xnet_v1_Mode__Output);
  'nextHop': (string);
}
