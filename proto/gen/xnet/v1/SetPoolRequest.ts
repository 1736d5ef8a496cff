// Original file: proto/xnet/v1/ipam.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';

export interface SetPoolRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'quarantineSeconds'?: (number);
  'reclaimAfterSeconds'?: (number);
  'mode'?: (_xnet_v1_Mode);
  'followAddress'?: (boolean);
  'dockerLength'?: (number);
  '_quarantineSeconds'?: "quarantineSeconds";
  '_reclaimAfterSeconds'?: "reclaimAfterSeconds";
  '_followAddress'?: "followAddress";
  '_dockerLength'?: "dockerLength";
}

export interface SetPoolRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'quarantineSeconds'?: (number);
  'reclaimAfterSeconds'?: (number);
  'mode': (_xnet_v1_Mode__Output);
  'followAddress'?: (boolean);
  'dockerLength'?: (number);
  '_quarantineSeconds'?: "quarantineSeconds";
  '_reclaimAfterSeconds'?: "reclaimAfterSeconds";
  '_followAddress'?: "followAddress";
  '_dockerLength'?: "dockerLength";
}
