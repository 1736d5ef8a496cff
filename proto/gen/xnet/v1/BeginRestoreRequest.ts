// Original file: proto/xnet/v1/backup.proto

import type { BackupHeader as _xnet_v1_BackupHeader, BackupHeader__Output as _xnet_v1_BackupHeader__Output } from '../../xnet/v1/BackupHeader.js';

export interface BeginRestoreRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'backup'?: (_xnet_v1_BackupHeader | null);
  'clusterKey'?: (Buffer | Uint8Array | string);
  'force'?: (boolean);
  'restoreId'?: (string);
}

export interface BeginRestoreRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'backup': (_xnet_v1_BackupHeader__Output | null);
  'clusterKey': (Buffer);
  'force': (boolean);
  'restoreId': (string);
}
