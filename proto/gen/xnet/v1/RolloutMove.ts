// Original file: proto/xnet/v1/rollout.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';

export interface RolloutMove {
  'node'?: (string);
  'pool'?: (string);
  'mode'?: (_xnet_v1_Mode);
}

export interface RolloutMove__Output {
  'node': (string);
  'pool': (string);
  'mode': (_xnet_v1_Mode__Output);
}
