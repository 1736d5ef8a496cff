// Original file: proto/xnet/v1/node_admin.proto

import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from '../../xnet/v1/Node.js';
import type { Long } from '@grpc/proto-loader';

export interface SetNodeResponse {
  'node'?: (_xnet_v1_Node | null);
  'unchanged'?: (boolean);
  'revision'?: (number | string | Long);
  'change'?: (string);
}

export interface SetNodeResponse__Output {
  'node': (_xnet_v1_Node__Output | null);
  'unchanged': (boolean);
  'revision': (number);
  'change': (string);
}
