// Original file: proto/xnet/v1/network.proto

import type { MemberState as _xnet_v1_MemberState, MemberState__Output as _xnet_v1_MemberState__Output } from '../../xnet/v1/MemberState.js';

export interface NetworkMember {
  'nodeName'?: (string);
  'nodeId'?: (string);
  'state'?: (_xnet_v1_MemberState);
  'subnet'?: (string);
  'message'?: (string);
  'fix'?: (string);
  'containers'?: (string)[];
  'inUse'?: (boolean);
  'connected'?: (boolean);
}

export interface NetworkMember__Output {
  'nodeName': (string);
  'nodeId': (string);
  'state': (_xnet_v1_MemberState__Output);
  'subnet': (string);
  'message': (string);
  'fix': (string);
  'containers': (string)[];
  'inUse': (boolean);
  'connected': (boolean);
}
