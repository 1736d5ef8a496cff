// Original file: proto/xnet/v1/backup.proto

import type { BackupHeader as _xnet_v1_BackupHeader, BackupHeader__Output as _xnet_v1_BackupHeader__Output } from '../../xnet/v1/BackupHeader.js';
import type { BackupRecords as _xnet_v1_BackupRecords, BackupRecords__Output as _xnet_v1_BackupRecords__Output } from '../../xnet/v1/BackupRecords.js';
import type { BackupEnd as _xnet_v1_BackupEnd, BackupEnd__Output as _xnet_v1_BackupEnd__Output } from '../../xnet/v1/BackupEnd.js';

export interface BackupPart {
  'header'?: (_xnet_v1_BackupHeader | null);
  'records'?: (_xnet_v1_BackupRecords | null);
  'end'?: (_xnet_v1_BackupEnd | null);
}

export interface BackupPart__Output {
  'header': (_xnet_v1_BackupHeader__Output | null);
  'records': (_xnet_v1_BackupRecords__Output | null);
  'end': (_xnet_v1_BackupEnd__Output | null);
}
