// Original file: proto/xnet/v1/ipam.proto

import type { IpamFinding as _xnet_v1_IpamFinding, IpamFinding__Output as _xnet_v1_IpamFinding__Output } from '../../xnet/v1/IpamFinding.js';
import type { Long } from '@grpc/proto-loader';

export interface CheckIpamResponse {
  'controller'?: (string);
  'clusterId'?: (string);
  'epoch'?: (number | string | Long);
  'revision'?: (number | string | Long);
  'tableRevision'?: (number | string | Long);
  'tableHash'?: (string);
  'findings'?: (_xnet_v1_IpamFinding)[];
}

export interface CheckIpamResponse__Output {
  'controller': (string);
  'clusterId': (string);
  'epoch': (number);
  'revision': (number);
  'tableRevision': (number);
  'tableHash': (string);
  'findings': (_xnet_v1_IpamFinding__Output)[];
}
