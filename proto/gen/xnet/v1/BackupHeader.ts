// Original file: proto/xnet/v1/backup.proto

import type { Long } from '@grpc/proto-loader';

export interface BackupHeader {
  'id'?: (string);
  'clusterId'?: (string);
  'epoch'?: (number | string | Long);
  'revision'?: (number | string | Long);
  'storeId'?: (string);
  'madeMs'?: (number | string | Long);
  'controller'?: (string);
  'version'?: (string);
  'clusterKey'?: (string);
  'problems'?: (string)[];
}

export interface BackupHeader__Output {
  'id': (string);
  'clusterId': (string);
  'epoch': (number);
  'revision': (number);
  'storeId': (string);
  'madeMs': (number);
  'controller': (string);
  'version': (string);
  'clusterKey': (string);
  'problems': (string)[];
}
