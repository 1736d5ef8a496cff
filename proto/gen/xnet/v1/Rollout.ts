// Original file: proto/xnet/v1/rollout.proto

import type { RolloutState as _xnet_v1_RolloutState, RolloutState__Output as _xnet_v1_RolloutState__Output } from '../../xnet/v1/RolloutState.js';
import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { Long } from '@grpc/proto-loader';

export interface Rollout {
  'id'?: (string);
  'state'?: (_xnet_v1_RolloutState);
  'undo'?: (boolean);
  'message'?: (string);
  'waiting'?: (string);
  'pool'?: (string);
  'mode'?: (_xnet_v1_Mode);
  'maxUnavailable'?: (string);
  'per'?: (string);
  'healthSeconds'?: (number);
  'createdMs'?: (number | string | Long);
  'createdBy'?: (string);
  'sinceMs'?: (number | string | Long);
  'steps'?: (number);
  'settled'?: (number);
  'failed'?: (number);
}

export interface Rollout__Output {
  'id': (string);
  'state': (_xnet_v1_RolloutState__Output);
  'undo': (boolean);
  'message': (string);
  'waiting': (string);
  'pool': (string);
  'mode': (_xnet_v1_Mode__Output);
  'maxUnavailable': (string);
  'per': (string);
  'healthSeconds': (number);
  'createdMs': (number);
  'createdBy': (string);
  'sinceMs': (number);
  'steps': (number);
  'settled': (number);
  'failed': (number);
}
