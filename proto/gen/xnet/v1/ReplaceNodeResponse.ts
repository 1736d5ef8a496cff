// Original file: proto/xnet/v1/lifecycle.proto

import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from '../../xnet/v1/Node.js';
import type { JoinToken as _xnet_v1_JoinToken, JoinToken__Output as _xnet_v1_JoinToken__Output } from '../../xnet/v1/JoinToken.js';
import type { Long } from '@grpc/proto-loader';

export interface ReplaceNodeResponse {
  'node'?: (_xnet_v1_Node | null);
  'revision'?: (number | string | Long);
  'change'?: (string);
  'joinToken'?: (_xnet_v1_JoinToken | null);
}

export interface ReplaceNodeResponse__Output {
  'node': (_xnet_v1_Node__Output | null);
  'revision': (number);
  'change': (string);
  'joinToken': (_xnet_v1_JoinToken__Output | null);
}
