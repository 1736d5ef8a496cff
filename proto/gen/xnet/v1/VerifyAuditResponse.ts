// Original file: proto/xnet/v1/security.proto

import type { Long } from '@grpc/proto-loader';

export interface VerifyAuditResponse {
  'ok'?: (boolean);
  'entries'?: (number | string | Long);
  'firstSequence'?: (number | string | Long);
  'lastSequence'?: (number | string | Long);
  'lastHash'?: (string);
  'problems'?: (string)[];
}

export interface VerifyAuditResponse__Output {
  'ok': (boolean);
  'entries': (number);
  'firstSequence': (number);
  'lastSequence': (number);
  'lastHash': (string);
  'problems': (string)[];
}
