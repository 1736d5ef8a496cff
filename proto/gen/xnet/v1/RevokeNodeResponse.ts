// Original file: proto/xnet/v1/security.proto

import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from '../../xnet/v1/Node.js';

export interface RevokeNodeResponse {
  'node'?: (_xnet_v1_Node | null);
  'unchanged'?: (boolean);
}

export interface RevokeNodeResponse__Output {
  'node': (_xnet_v1_Node__Output | null);
  'unchanged': (boolean);
}
