// Original file: proto/xnet/v1/backup.proto

import type { Long } from '@grpc/proto-loader';

export interface GetAdoptionResponse {
  'adopting'?: (boolean);
  'madeMs'?: (number | string | Long);
  'sinceMs'?: (number | string | Long);
  'nodes'?: (number);
  'awaited'?: (string)[];
  'adopted'?: (string)[];
  'contradictions'?: (string)[];
  'missing'?: (number);
}

export interface GetAdoptionResponse__Output {
  'adopting': (boolean);
  'madeMs': (number);
  'sinceMs': (number);
  'nodes': (number);
  'awaited': (string)[];
  'adopted': (string)[];
  'contradictions': (string)[];
  'missing': (number);
}
