// Original file: proto/xnet/v1/diagnosis.proto

import type { Reply as _xnet_v1_Reply, Reply__Output as _xnet_v1_Reply__Output } from '../../xnet/v1/Reply.js';

export interface Echoes {
  'to'?: (string);
  'sent'?: (number);
  'replies'?: (_xnet_v1_Reply)[];
  'errno'?: (string);
  'longestSent'?: (number);
  'longestAnswered'?: (number);
}

export interface Echoes__Output {
  'to': (string);
  'sent': (number);
  'replies': (_xnet_v1_Reply__Output)[];
  'errno': (string);
  'longestSent': (number);
  'longestAnswered': (number);
}
