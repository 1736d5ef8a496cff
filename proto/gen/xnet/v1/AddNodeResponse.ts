// Original file: proto/xnet/v1/node_admin.proto

import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from '../../xnet/v1/Node.js';
import type { JoinToken as _xnet_v1_JoinToken, JoinToken__Output as _xnet_v1_JoinToken__Output } from '../../xnet/v1/JoinToken.js';
import type { Long } from '@grpc/proto-loader';

export interface AddNodeResponse {
  'node'?: (_xnet_v1_Node | null);
  'unchanged'?: (boolean);
  'revision'?: (number | string | Long);
  'warnings'?: (string)[];
  'joinToken'?: (_xnet_v1_JoinToken | null);
}

export interface AddNodeResponse__Output {
  'node': (_xnet_v1_Node__Output | null);
  'unchanged': (boolean);
  'revision': (number);
  'warnings': (string)[];
  'joinToken': (_xnet_v1_JoinToken__Output | null);
}
