// Original file: proto/xnet/v1/security.proto


export interface CreateTokenRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'uses'?: (number);
  'ttlSeconds'?: (number);
  'pool'?: (string);
  'source'?: (string);
}

export interface CreateTokenRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'uses': (number);
  'ttlSeconds': (number);
  'pool': (string);
  'source': (string);
}
