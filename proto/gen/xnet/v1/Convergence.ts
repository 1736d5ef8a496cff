// Original file: proto/xnet/v1/node_admin.proto

import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from '../../xnet/v1/Condition.js';
import type { Long } from '@grpc/proto-loader';

export interface Convergence {
  'nodes'?: (number);
  'applied'?: (number);
  'pending'?: (string)[];
  'down'?: (string)[];
  'downCount'?: (number);
  'revision'?: (number | string | Long);
  'nodeReady'?: (boolean);
  'elapsedMs'?: (number);
  'conditions'?: (_xnet_v1_Condition)[];
  'done'?: (boolean);
}

export interface Convergence__Output {
  'nodes': (number);
  'applied': (number);
  'pending': (string)[];
  'down': (string)[];
  'downCount': (number);
  'revision': (number);
  'nodeReady': (boolean);
  'elapsedMs': (number);
  'conditions': (_xnet_v1_Condition__Output)[];
  'done': (boolean);
}
