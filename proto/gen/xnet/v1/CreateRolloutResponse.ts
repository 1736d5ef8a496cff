// Original file: proto/xnet/v1/rollout.proto

import type { Rollout as _xnet_v1_Rollout, Rollout__Output as _xnet_v1_Rollout__Output } from '../../xnet/v1/Rollout.js';
import type { RolloutStep as _xnet_v1_RolloutStep, RolloutStep__Output as _xnet_v1_RolloutStep__Output } from '../../xnet/v1/RolloutStep.js';

export interface CreateRolloutResponse {
  'rollout'?: (_xnet_v1_Rollout | null);
  'steps'?: (_xnet_v1_RolloutStep)[];
  'unchanged'?: (boolean);
  'warnings'?: (string)[];
}

export interface CreateRolloutResponse__Output {
  'rollout': (_xnet_v1_Rollout__Output | null);
  'steps': (_xnet_v1_RolloutStep__Output)[];
  'unchanged': (boolean);
  'warnings': (string)[];
}
