// Original file: proto/xnet/v1/node.proto

import type { Long } from '@grpc/proto-loader';

export interface Version {
  'clusterId'?: (string);
  'epoch'?: (number | string | Long);
  'revision'?: (number | string | Long);
}

export interface Version__Output {
  'clusterId': (string);
  'epoch': (number);
  'revision': (number);
}
