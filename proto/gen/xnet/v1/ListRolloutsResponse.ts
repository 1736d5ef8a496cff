// Original file: proto/xnet/v1/rollout.proto

import type { Rollout as _xnet_v1_Rollout, Rollout__Output as _xnet_v1_Rollout__Output } from '../../xnet/v1/Rollout.js';

export interface ListRolloutsResponse {
  'rollouts'?: (_xnet_v1_Rollout)[];
}

export interface ListRolloutsResponse__Output {
  'rollouts': (_xnet_v1_Rollout__Output)[];
}
