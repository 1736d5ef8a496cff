// Original file: proto/xnet/v1/security.proto


export interface RevokeNodeRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
}

export interface RevokeNodeRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
}
