// Original file: proto/xnet/v1/backup.proto


export interface FinishAdoptionRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'force'?: (boolean);
}

export interface FinishAdoptionRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'force': (boolean);
}
