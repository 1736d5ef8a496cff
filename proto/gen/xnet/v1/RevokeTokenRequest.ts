// Original file: proto/xnet/v1/security.proto


export interface RevokeTokenRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'id'?: (string);
}

export interface RevokeTokenRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'id': (string);
}
