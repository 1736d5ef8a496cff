// Original file: proto/xnet/v1/network.proto

import type { NodeSelector as _xnet_v1_NodeSelector, NodeSelector__Output as _xnet_v1_NodeSelector__Output } from '../../xnet/v1/NodeSelector.js';

export interface CreateNetworkRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'pool'?: (string);
  'selector'?: (_xnet_v1_NodeSelector | null);
  'bridgeName'?: (string);
}

export interface CreateNetworkRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'pool': (string);
  'selector': (_xnet_v1_NodeSelector__Output | null);
  'bridgeName': (string);
}
