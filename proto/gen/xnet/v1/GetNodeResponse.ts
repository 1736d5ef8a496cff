// Original file: proto/xnet/v1/node_admin.proto

import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from '../../xnet/v1/Node.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from '../../xnet/v1/Event.js';

export interface GetNodeResponse {
  'node'?: (_xnet_v1_Node | null);
  'events'?: (_xnet_v1_Event)[];
}

export interface GetNodeResponse__Output {
  'node': (_xnet_v1_Node__Output | null);
  'events': (_xnet_v1_Event__Output)[];
}
