// Original file: proto/xnet/v1/network.proto

import type { NodeSelector as _xnet_v1_NodeSelector, NodeSelector__Output as _xnet_v1_NodeSelector__Output } from '../../xnet/v1/NodeSelector.js';
import type { ExceptedNodes as _xnet_v1_ExceptedNodes, ExceptedNodes__Output as _xnet_v1_ExceptedNodes__Output } from '../../xnet/v1/ExceptedNodes.js';

export interface ChangeNetworkRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'selector'?: (_xnet_v1_NodeSelector | null);
  'include'?: (string)[];
  'exclude'?: (string)[];
  'except'?: (_xnet_v1_ExceptedNodes | null);
}

export interface ChangeNetworkRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'selector': (_xnet_v1_NodeSelector__Output | null);
  'include': (string)[];
  'exclude': (string)[];
  'except': (_xnet_v1_ExceptedNodes__Output | null);
}
