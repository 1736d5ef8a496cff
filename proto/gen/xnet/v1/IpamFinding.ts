// Original file: proto/xnet/v1/ipam.proto

import type { Long } from '@grpc/proto-loader';

export interface IpamFinding {
  'reason'?: (string);
  'subject'?: (string);
  'message'?: (string);
  'fix'?: (string);
  'key'?: (string);
  'modRevision'?: (number | string | Long);
}

export interface IpamFinding__Output {
  'reason': (string);
  'subject': (string);
  'message': (string);
  'fix': (string);
  'key': (string);
  'modRevision': (number);
}
