// Original file: proto/xnet/v1/security.proto

import type { AdoptedHost as _xnet_v1_AdoptedHost, AdoptedHost__Output as _xnet_v1_AdoptedHost__Output } from '../../xnet/v1/AdoptedHost.js';

export interface CreateTokenRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'uses'?: (number);
  'ttlSeconds'?: (number);
  'pool'?: (string);
  'source'?: (string);
  'adopt'?: (_xnet_v1_AdoptedHost | null);
}

export interface CreateTokenRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'uses': (number);
  'ttlSeconds': (number);
  'pool': (string);
  'source': (string);
  'adopt': (_xnet_v1_AdoptedHost__Output | null);
}
