// Original file: proto/xnet/v1/node_admin.proto


export interface RemoveNodeRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'force'?: (boolean);
}

export interface RemoveNodeRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'force': (boolean);
}
