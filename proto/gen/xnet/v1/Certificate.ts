// Original file: proto/xnet/v1/security.proto

import type { Long } from '@grpc/proto-loader';

export interface Certificate {
  'serial'?: (string);
  'role'?: (string);
  'id'?: (string);
  'name'?: (string);
  'notBeforeMs'?: (number | string | Long);
  'notAfterMs'?: (number | string | Long);
  'revokedMs'?: (number | string | Long);
  'oldAuthority'?: (boolean);
}

export interface Certificate__Output {
  'serial': (string);
  'role': (string);
  'id': (string);
  'name': (string);
  'notBeforeMs': (number);
  'notAfterMs': (number);
  'revokedMs': (number);
  'oldAuthority': (boolean);
}
