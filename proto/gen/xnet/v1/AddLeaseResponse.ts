// Original file: proto/xnet/v1/lease.proto

import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from '../../xnet/v1/Node.js';

export interface AddLeaseResponse {
  'node'?: (_xnet_v1_Node | null);
  'subnet'?: (string);
  'pool'?: (string);
  'unchanged'?: (boolean);
  'change'?: (string);
  'warnings'?: (string)[];
}

export interface AddLeaseResponse__Output {
  'node': (_xnet_v1_Node__Output | null);
  'subnet': (string);
  'pool': (string);
  'unchanged': (boolean);
  'change': (string);
  'warnings': (string)[];
}
