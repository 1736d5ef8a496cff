// Original file: proto/xnet/v1/held_route.proto

import type { NodeHeldRoutes as _xnet_v1_NodeHeldRoutes, NodeHeldRoutes__Output as _xnet_v1_NodeHeldRoutes__Output } from '../../xnet/v1/NodeHeldRoutes.js';
import type { Long } from '@grpc/proto-loader';

export interface ListHeldRoutesResponse {
  'clusterId'?: (string);
  'nodes'?: (_xnet_v1_NodeHeldRoutes)[];
  'approvedEpoch'?: (number | string | Long);
  'approvedRevision'?: (number | string | Long);
}

export interface ListHeldRoutesResponse__Output {
  'clusterId': (string);
  'nodes': (_xnet_v1_NodeHeldRoutes__Output)[];
  'approvedEpoch': (number);
  'approvedRevision': (number);
}
