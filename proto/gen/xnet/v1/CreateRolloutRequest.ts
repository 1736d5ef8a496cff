// Original file: proto/xnet/v1/rollout.proto

import type { RolloutMove as _xnet_v1_RolloutMove, RolloutMove__Output as _xnet_v1_RolloutMove__Output } from '../../xnet/v1/RolloutMove.js';
import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';

export interface CreateRolloutRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'moves'?: (_xnet_v1_RolloutMove)[];
  'pool'?: (string);
  'mode'?: (_xnet_v1_Mode);
  'maxUnavailable'?: (string);
  'per'?: (string);
  'healthSeconds'?: (number);
}

export interface CreateRolloutRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'moves': (_xnet_v1_RolloutMove__Output)[];
  'pool': (string);
  'mode': (_xnet_v1_Mode__Output);
  'maxUnavailable': (string);
  'per': (string);
  'healthSeconds': (number);
}
