// Original file: proto/xnet/v1/status.proto

import type { ControllerStatus as _xnet_v1_ControllerStatus, ControllerStatus__Output as _xnet_v1_ControllerStatus__Output } from '../../xnet/v1/ControllerStatus.js';
import type { StoreStatus as _xnet_v1_StoreStatus, StoreStatus__Output as _xnet_v1_StoreStatus__Output } from '../../xnet/v1/StoreStatus.js';
import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from '../../xnet/v1/Pool.js';
import type { NodeCounts as _xnet_v1_NodeCounts, NodeCounts__Output as _xnet_v1_NodeCounts__Output } from '../../xnet/v1/NodeCounts.js';
import type { UndecodableKey as _xnet_v1_UndecodableKey, UndecodableKey__Output as _xnet_v1_UndecodableKey__Output } from '../../xnet/v1/UndecodableKey.js';
import type { Problem as _xnet_v1_Problem, Problem__Output as _xnet_v1_Problem__Output } from '../../xnet/v1/Problem.js';
import type { Long } from '@grpc/proto-loader';

export interface GetStatusResponse {
  'clusterId'?: (string);
  'epoch'?: (number | string | Long);
  'revision'?: (number | string | Long);
  'controller'?: (string);
  'version'?: (string);
  'controllers'?: (_xnet_v1_ControllerStatus)[];
  'store'?: (_xnet_v1_StoreStatus | null);
  'pools'?: (_xnet_v1_Pool)[];
  'nodes'?: (_xnet_v1_NodeCounts | null);
  'undecodable'?: (_xnet_v1_UndecodableKey)[];
  'problems'?: (_xnet_v1_Problem)[];
}

export interface GetStatusResponse__Output {
  'clusterId': (string);
  'epoch': (number);
  'revision': (number);
  'controller': (string);
  'version': (string);
  'controllers': (_xnet_v1_ControllerStatus__Output)[];
  'store': (_xnet_v1_StoreStatus__Output | null);
  'pools': (_xnet_v1_Pool__Output)[];
  'nodes': (_xnet_v1_NodeCounts__Output | null);
  'undecodable': (_xnet_v1_UndecodableKey__Output)[];
  'problems': (_xnet_v1_Problem__Output)[];
}
