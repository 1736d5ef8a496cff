// Original file: proto/xnet/v1/lifecycle.proto

import type { Long } from '@grpc/proto-loader';

export interface RenameNodeRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'name'?: (string);
  'seenRevision'?: (number | string | Long);
}

export interface RenameNodeRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'name': (string);
  'seenRevision': (number);
}
