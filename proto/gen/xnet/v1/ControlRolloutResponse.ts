// Original file: proto/xnet/v1/rollout.proto

import type { Rollout as _xnet_v1_Rollout, Rollout__Output as _xnet_v1_Rollout__Output } from '../../xnet/v1/Rollout.js';

export interface ControlRolloutResponse {
  'rollout'?: (_xnet_v1_Rollout | null);
  'unchanged'?: (boolean);
}

export interface ControlRolloutResponse__Output {
  'rollout': (_xnet_v1_Rollout__Output | null);
  'unchanged': (boolean);
}
