// Original file: proto/xnet/v1/held_route.proto

import type { Long } from '@grpc/proto-loader';

export interface ApproveWithdrawalsRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'clusterId'?: (string);
  'epoch'?: (number | string | Long);
  'revision'?: (number | string | Long);
}

export interface ApproveWithdrawalsRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'clusterId': (string);
  'epoch': (number);
  'revision': (number);
}
