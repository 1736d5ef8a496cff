// Original file: proto/xnet/v1/backup.proto


export interface ReadClusterKeyResponse {
  'clusterKey'?: (Buffer | Uint8Array | string);
  'name'?: (string);
}

export interface ReadClusterKeyResponse__Output {
  'clusterKey': (Buffer);
  'name': (string);
}
