// Original file: proto/xnet/v1/lifecycle.proto


export interface RenameNodeRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'name'?: (string);
}

export interface RenameNodeRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'name': (string);
}
