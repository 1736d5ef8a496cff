// Original file: proto/xnet/v1/lease.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';

export interface AddLeaseRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'pool'?: (string);
  'subnet'?: (string);
  'mode'?: (_xnet_v1_Mode);
  'networkName'?: (string);
  'bridgeName'?: (string);
  'replace'?: (string);
}

export interface AddLeaseRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'pool': (string);
  'subnet': (string);
  'mode': (_xnet_v1_Mode__Output);
  'networkName': (string);
  'bridgeName': (string);
  'replace': (string);
}
