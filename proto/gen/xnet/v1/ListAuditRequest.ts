// Original file: proto/xnet/v1/security.proto

import type { Long } from '@grpc/proto-loader';

export interface ListAuditRequest {
  'sinceMs'?: (number | string | Long);
  'subject'?: (string);
  'actor'?: (string);
  'call'?: (string);
  'limit'?: (number);
}

export interface ListAuditRequest__Output {
  'sinceMs': (number);
  'subject': (string);
  'actor': (string);
  'call': (string);
  'limit': (number);
}
