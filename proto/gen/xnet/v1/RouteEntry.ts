// Original file: proto/xnet/v1/pool.proto

import type { NodeState as _xnet_v1_NodeState, NodeState__Output as _xnet_v1_NodeState__Output } from '../../xnet/v1/NodeState.js';

export interface RouteEntry {
  'subnet'?: (string);
  'nextHop'?: (string);
  'nodeName'?: (string);
  'pool'?: (string);
  'nodeState'?: (_xnet_v1_NodeState);
  'static'?: (boolean);
}

export interface RouteEntry__Output {
  'subnet': (string);
  'nextHop': (string);
  'nodeName': (string);
  'pool': (string);
  'nodeState': (_xnet_v1_NodeState__Output);
  'static': (boolean);
}
