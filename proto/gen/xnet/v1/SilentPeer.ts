// Original file: proto/xnet/v1/node.proto

import type { Long } from '@grpc/proto-loader';

export interface SilentPeer {
  'nodeName'?: (string);
  'gateway'?: (string);
  'hostAnswers'?: (boolean);
  'sinceMs'?: (number | string | Long);
}

export interface SilentPeer__Output {
  'nodeName': (string);
  'gateway': (string);
  'hostAnswers': (boolean);
  'sinceMs': (number);
}
