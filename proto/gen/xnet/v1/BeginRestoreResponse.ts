// Original file: proto/xnet/v1/backup.proto


export interface BeginRestoreResponse {
  'unchanged'?: (boolean);
  'nodes'?: (number);
}

export interface BeginRestoreResponse__Output {
  'unchanged': (boolean);
  'nodes': (number);
}
