// Original file: proto/xnet/v1/rollout.proto

import type { StepState as _xnet_v1_StepState, StepState__Output as _xnet_v1_StepState__Output } from '../../xnet/v1/StepState.js';
import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { Long } from '@grpc/proto-loader';

export interface RolloutStep {
  'nodeId'?: (string);
  'nodeName'?: (string);
  'group'?: (string);
  'state'?: (_xnet_v1_StepState);
  'undo'?: (boolean);
  'fromSubnet'?: (string);
  'fromPool'?: (string);
  'fromMode'?: (_xnet_v1_Mode);
  'toPool'?: (string);
  'toMode'?: (_xnet_v1_Mode);
  'grantedSubnet'?: (string);
  'message'?: (string);
  'sinceMs'?: (number | string | Long);
  'attempts'?: (number);
}

export interface RolloutStep__Output {
  'nodeId': (string);
  'nodeName': (string);
  'group': (string);
  'state': (_xnet_v1_StepState__Output);
  'undo': (boolean);
  'fromSubnet': (string);
  'fromPool': (string);
  'fromMode': (_xnet_v1_Mode__Output);
  'toPool': (string);
  'toMode': (_xnet_v1_Mode__Output);
  'grantedSubnet': (string);
  'message': (string);
  'sinceMs': (number);
  'attempts': (number);
}
