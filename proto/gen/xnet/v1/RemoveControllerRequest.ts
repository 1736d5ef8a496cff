// Original file: proto/xnet/v1/status.proto


export interface RemoveControllerRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'id'?: (string);
}

export interface RemoveControllerRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'id': (string);
}
