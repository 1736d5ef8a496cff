// Original file: proto/xnet/v1/backup.proto


export interface BackupRecord {
  'key'?: (string);
  'value'?: (Buffer | Uint8Array | string);
}

export interface BackupRecord__Output {
  'key': (string);
  'value': (Buffer);
}
