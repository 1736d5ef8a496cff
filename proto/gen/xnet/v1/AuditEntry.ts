// Original file: proto/xnet/v1/security.proto

import type { Long } from '@grpc/proto-loader';

export interface AuditEntry {
  'sequence'?: (number | string | Long);
  'timeMs'?: (number | string | Long);
  'actor'?: (string);
  'serial'?: (string);
  'source'?: (string);
  'call'?: (string);
  'operationId'?: (string);
  'subject'?: (string);
  'request'?: (string);
  'before'?: (string);
  'after'?: (string);
  'outcome'?: (string);
  'message'?: (string);
  'controller'?: (string);
  'hash'?: (string);
  'previousHash'?: (string);
}

export interface AuditEntry__Output {
  'sequence': (number);
  'timeMs': (number);
  'actor': (string);
  'serial': (string);
  'source': (string);
  'call': (string);
  'operationId': (string);
  'subject': (string);
  'request': (string);
  'before': (string);
  'after': (string);
  'outcome': (string);
  'message': (string);
  'controller': (string);
  'hash': (string);
  'previousHash': (string);
}
