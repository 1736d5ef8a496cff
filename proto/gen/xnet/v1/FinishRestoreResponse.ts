// Original file: proto/xnet/v1/backup.proto

import type { Long } from '@grpc/proto-loader';

export interface FinishRestoreResponse {
  'epoch'?: (number | string | Long);
  'nodes'?: (number);
}

export interface FinishRestoreResponse__Output {
  'epoch': (number);
  'nodes': (number);
}
