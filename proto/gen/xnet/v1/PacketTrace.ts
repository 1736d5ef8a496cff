// Original file: proto/xnet/v1/diagnosis.proto

import type { TraceStep as _xnet_v1_TraceStep, TraceStep__Output as _xnet_v1_TraceStep__Output } from '../../xnet/v1/TraceStep.js';

export interface PacketTrace {
  'reply'?: (boolean);
  'sequence'?: (number);
  'source'?: (string);
  'destination'?: (string);
  'lastSource'?: (string);
  'lastDestination'?: (string);
  'inInterface'?: (string);
  'outInterface'?: (string);
  'reached'?: (string)[];
  'steps'?: (_xnet_v1_TraceStep)[];
}

export interface PacketTrace__Output {
  'reply': (boolean);
  'sequence': (number);
  'source': (string);
  'destination': (string);
  'lastSource': (string);
  'lastDestination': (string);
  'inInterface': (string);
  'outInterface': (string);
  'reached': (string)[];
  'steps': (_xnet_v1_TraceStep__Output)[];
}
