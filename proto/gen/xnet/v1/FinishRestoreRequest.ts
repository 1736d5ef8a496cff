// Original file: proto/xnet/v1/backup.proto

import type { Long } from '@grpc/proto-loader';

export interface FinishRestoreRequest {
  'operationId'?: (string);
  'records'?: (number | string | Long);
  'digest'?: (Buffer | Uint8Array | string);
  'restoreId'?: (string);
}

export interface FinishRestoreRequest__Output {
  'operationId': (string);
  'records': (number);
  'digest': (Buffer);
  'restoreId': (string);
}
