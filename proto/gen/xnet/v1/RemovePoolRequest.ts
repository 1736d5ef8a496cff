// Original file: proto/xnet/v1/pool.proto


export interface RemovePoolRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'force'?: (boolean);
}

export interface RemovePoolRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'force': (boolean);
}
