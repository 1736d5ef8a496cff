// Original file: proto/xnet/v1/node_admin.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';

export interface AddNodeRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'address'?: (string);
  'pool'?: (string);
  'subnet'?: (string);
  'mode'?: (_xnet_v1_Mode);
  'labels'?: ({[key: string]: string});
}

export interface AddNodeRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'address': (string);
  'pool': (string);
  'subnet': (string);
  'mode': (_xnet_v1_Mode__Output);
  'labels': ({[key: string]: string});
}
