// Original file: proto/xnet/v1/lifecycle.proto

import type { DepartureStage as _xnet_v1_DepartureStage, DepartureStage__Output as _xnet_v1_DepartureStage__Output } from '../../xnet/v1/DepartureStage.js';
import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from '../../xnet/v1/Node.js';
import type { Long } from '@grpc/proto-loader';

export interface Departure {
  'stage'?: (_xnet_v1_DepartureStage);
  'done'?: (boolean);
  'node'?: (_xnet_v1_Node | null);
  'peers'?: (number);
  'withdrawn'?: (number);
  'pending'?: (string)[];
  'quarantinedUntilMs'?: (number | string | Long);
}

export interface Departure__Output {
  'stage': (_xnet_v1_DepartureStage__Output);
  'done': (boolean);
  'node': (_xnet_v1_Node__Output | null);
  'peers': (number);
  'withdrawn': (number);
  'pending': (string)[];
  'quarantinedUntilMs': (number);
}
