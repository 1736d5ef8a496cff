// Original file: proto/xnet/v1/security.proto

import type { Long } from '@grpc/proto-loader';

export interface Token {
  'id'?: (string);
  'nodeName'?: (string);
  'pool'?: (string);
  'source'?: (string);
  'uses'?: (number);
  'usesLeft'?: (number);
  'createdMs'?: (number | string | Long);
  'expiresMs'?: (number | string | Long);
  'createdBy'?: (string);
}

export interface Token__Output {
  'id': (string);
  'nodeName': (string);
  'pool': (string);
  'source': (string);
  'uses': (number);
  'usesLeft': (number);
  'createdMs': (number);
  'expiresMs': (number);
  'createdBy': (string);
}
