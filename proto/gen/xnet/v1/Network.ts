// Original file: proto/xnet/v1/network.proto

import type { NodeSelector as _xnet_v1_NodeSelector, NodeSelector__Output as _xnet_v1_NodeSelector__Output } from '../../xnet/v1/NodeSelector.js';
import type { Long } from '@grpc/proto-loader';

export interface Network {
  'name'?: (string);
  'pool'?: (string);
  'bridgeName'?: (string);
  'selector'?: (_xnet_v1_NodeSelector | null);
  'except'?: (string)[];
  'createdMs'?: (number | string | Long);
  'removingMs'?: (number | string | Long);
  'disconnect'?: (boolean);
  'members'?: (number);
  'inForce'?: (number);
  'refused'?: (number);
  'ending'?: (number);
  'inUse'?: (number);
}

export interface Network__Output {
  'name': (string);
  'pool': (string);
  'bridgeName': (string);
  'selector': (_xnet_v1_NodeSelector__Output | null);
  'except': (string)[];
  'createdMs': (number);
  'removingMs': (number);
  'disconnect': (boolean);
  'members': (number);
  'inForce': (number);
  'refused': (number);
  'ending': (number);
  'inUse': (number);
}
