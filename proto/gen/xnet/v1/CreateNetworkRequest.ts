// Original file: proto/xnet/v1/network.proto

import type { NodeSelector as _xnet_v1_NodeSelector, NodeSelector__Output as _xnet_v1_NodeSelector__Output } from '../../xnet/v1/NodeSelector.js';
import type { ExceptedNodes as _xnet_v1_ExceptedNodes, ExceptedNodes__Output as _xnet_v1_ExceptedNodes__Output } from '../../xnet/v1/ExceptedNodes.js';

export interface CreateNetworkRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'pool'?: (string);
  'selector'?: (_xnet_v1_NodeSelector | null);
  'bridgeName'?: (string);
  'except'?: (_xnet_v1_ExceptedNodes | null);
}

export interface CreateNetworkRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'pool': (string);
  'selector': (_xnet_v1_NodeSelector__Output | null);
  'bridgeName': (string);
  'except': (_xnet_v1_ExceptedNodes__Output | null);
}
