// Original file: proto/xnet/v1/status.proto

import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from '../../xnet/v1/Event.js';

export interface ListEventsResponse {
  'events'?: (_xnet_v1_Event)[];
}

export interface ListEventsResponse__Output {
  'events': (_xnet_v1_Event__Output)[];
}
