// Original file: proto/xnet/v1/security.proto


export interface RotateAuthorityRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'force'?: (boolean);
}

export interface RotateAuthorityRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'force': (boolean);
}
