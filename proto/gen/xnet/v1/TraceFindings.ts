// Original file: proto/xnet/v1/diagnosis.proto

import type { PacketTrace as _xnet_v1_PacketTrace, PacketTrace__Output as _xnet_v1_PacketTrace__Output } from '../../xnet/v1/PacketTrace.js';

export interface TraceFindings {
  'packets'?: (_xnet_v1_PacketTrace)[];
  'incomplete'?: (boolean);
}

export interface TraceFindings__Output {
  'packets': (_xnet_v1_PacketTrace__Output)[];
  'incomplete': (boolean);
}
