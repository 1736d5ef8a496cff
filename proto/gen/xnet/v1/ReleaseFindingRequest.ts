// Original file: proto/xnet/v1/ipam.proto

import type { Long } from '@grpc/proto-loader';

export interface ReleaseFindingRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'clusterId'?: (string);
  'epoch'?: (number | string | Long);
  'reason'?: (string);
  'key'?: (string);
  'modRevision'?: (number | string | Long);
}

export interface ReleaseFindingRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'clusterId': (string);
  'epoch': (number);
  'reason': (string);
  'key': (string);
  'modRevision': (number);
}
