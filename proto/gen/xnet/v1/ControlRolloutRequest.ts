// Original file: proto/xnet/v1/rollout.proto

import type { RolloutControl as _xnet_v1_RolloutControl, RolloutControl__Output as _xnet_v1_RolloutControl__Output } from '../../xnet/v1/RolloutControl.js';

export interface ControlRolloutRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'rollout'?: (string);
  'control'?: (_xnet_v1_RolloutControl);
}

export interface ControlRolloutRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'rollout': (string);
  'control': (_xnet_v1_RolloutControl__Output);
}
