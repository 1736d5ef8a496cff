// Original file: proto/xnet/v1/pool.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';

export interface CreatePoolRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'cidr'?: (string);
  'subnetLength'?: (number);
  'mode'?: (_xnet_v1_Mode);
  'networkName'?: (string);
  'bridgeName'?: (string);
  'quarantineSeconds'?: (number);
  'networkLength'?: (number);
  'dockerLength'?: (number);
  '_quarantineSeconds'?: "quarantineSeconds";
}

export interface CreatePoolRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'cidr': (string);
  'subnetLength': (number);
  'mode': (_xnet_v1_Mode__Output);
  'networkName': (string);
  'bridgeName': (string);
  'quarantineSeconds'?: (number);
  'networkLength': (number);
  'dockerLength': (number);
  '_quarantineSeconds'?: "quarantineSeconds";
}
