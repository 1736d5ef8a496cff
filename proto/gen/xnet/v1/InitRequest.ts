// Original file: proto/xnet/v1/security.proto


export interface InitRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
}

export interface InitRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
}
