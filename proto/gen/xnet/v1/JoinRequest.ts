// Original file: proto/xnet/v1/join.proto

import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from '../../xnet/v1/HostNetwork.js';

export interface JoinRequest {
  'token'?: (string);
  'csr'?: (string);
  'nodeName'?: (string);
  'address'?: (string);
  'daemonVersion'?: (string);
  'hostNetworks'?: (_xnet_v1_HostNetwork)[];
}

export interface JoinRequest__Output {
  'token': (string);
  'csr': (string);
  'nodeName': (string);
  'address': (string);
  'daemonVersion': (string);
  'hostNetworks': (_xnet_v1_HostNetwork__Output)[];
}
