// Original file: proto/xnet/v1/join.proto

import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from '../../xnet/v1/Lease.js';

export interface PreviewJoinResponse {
  'nodeName'?: (string);
  'address'?: (string);
  'leases'?: (_xnet_v1_Lease)[];
  'pools'?: (string)[];
  'peers'?: (string)[];
  'nodes'?: (number);
  'controllers'?: (string)[];
}

export interface PreviewJoinResponse__Output {
  'nodeName': (string);
  'address': (string);
  'leases': (_xnet_v1_Lease__Output)[];
  'pools': (string)[];
  'peers': (string)[];
  'nodes': (number);
  'controllers': (string)[];
}
