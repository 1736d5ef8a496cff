// Original file: proto/xnet/v1/lifecycle.proto


export interface ReplaceNodeRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'address'?: (string);
  'force'?: (boolean);
}

export interface ReplaceNodeRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'address': (string);
  'force': (boolean);
}
