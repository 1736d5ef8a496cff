// Original file: proto/xnet/v1/backup.proto

import type { Long } from '@grpc/proto-loader';

export interface BackupEnd {
  'records'?: (number | string | Long);
}

export interface BackupEnd__Output {
  'records': (number);
}
