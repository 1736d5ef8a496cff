// Original file: proto/xnet/v1/status.proto

import type { Long } from '@grpc/proto-loader';

export interface ListEventsRequest {
  'sinceMs'?: (number | string | Long);
  'subject'?: (string);
  'limit'?: (number);
}

export interface ListEventsRequest__Output {
  'sinceMs': (number);
  'subject': (string);
  'limit': (number);
}
