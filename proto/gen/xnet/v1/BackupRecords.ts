// Original file: proto/xnet/v1/backup.proto

import type { BackupRecord as _xnet_v1_BackupRecord, BackupRecord__Output as _xnet_v1_BackupRecord__Output } from '../../xnet/v1/BackupRecord.js';

export interface BackupRecords {
  'records'?: (_xnet_v1_BackupRecord)[];
}

export interface BackupRecords__Output {
  'records': (_xnet_v1_BackupRecord__Output)[];
}
