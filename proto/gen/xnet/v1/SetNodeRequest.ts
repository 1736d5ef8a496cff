// Original file: proto/xnet/v1/node_admin.proto

import type { Availability as _xnet_v1_Availability, Availability__Output as _xnet_v1_Availability__Output } from '../../xnet/v1/Availability.js';
import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { Long } from '@grpc/proto-loader';

export interface SetNodeRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'address'?: (string);
  'availability'?: (_xnet_v1_Availability);
  'setLabels'?: ({[key: string]: string});
  'removeLabels'?: (string)[];
  'mode'?: (_xnet_v1_Mode);
  'seenRevision'?: (number | string | Long);
}

export interface SetNodeRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'address': (string);
  'availability': (_xnet_v1_Availability__Output);
  'setLabels': ({[key: string]: string});
  'removeLabels': (string)[];
  'mode': (_xnet_v1_Mode__Output);
  'seenRevision': (number);
}
