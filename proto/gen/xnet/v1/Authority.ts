// Original file: proto/xnet/v1/security.proto

import type { Long } from '@grpc/proto-loader';

export interface Authority {
  'clusterId'?: (string);
  'certificates'?: (string)[];
  'caDigest'?: (string);
  'createdMs'?: (number | string | Long);
  'notAfterMs'?: (number | string | Long);
}

export interface Authority__Output {
  'clusterId': (string);
  'certificates': (string)[];
  'caDigest': (string);
  'createdMs': (number);
  'notAfterMs': (number);
}
