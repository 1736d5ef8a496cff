// Original file: proto/xnet/v1/lease.proto

import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from '../../xnet/v1/Node.js';
import type { Long } from '@grpc/proto-loader';

export interface EndLeaseResponse {
  'node'?: (_xnet_v1_Node | null);
  'subnet'?: (string);
  'unchanged'?: (boolean);
  'change'?: (string);
  'quarantinedUntilMs'?: (number | string | Long);
}

export interface EndLeaseResponse__Output {
  'node': (_xnet_v1_Node__Output | null);
  'subnet': (string);
  'unchanged': (boolean);
  'change': (string);
  'quarantinedUntilMs': (number);
}
