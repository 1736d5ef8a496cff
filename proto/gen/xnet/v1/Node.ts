// Original file: proto/xnet/v1/types.proto

import type { Availability as _xnet_v1_Availability, Availability__Output as _xnet_v1_Availability__Output } from '../../xnet/v1/Availability.js';
import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { NodeState as _xnet_v1_NodeState, NodeState__Output as _xnet_v1_NodeState__Output } from '../../xnet/v1/NodeState.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from '../../xnet/v1/RouteCounts.js';
import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from '../../xnet/v1/Condition.js';
import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from '../../xnet/v1/HostNetwork.js';
import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from '../../xnet/v1/Lease.js';
import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from '../../xnet/v1/ContainerUse.js';
import type { Drain as _xnet_v1_Drain, Drain__Output as _xnet_v1_Drain__Output } from '../../xnet/v1/Drain.js';
import type { Long } from '@grpc/proto-loader';

export interface Node {
  'id'?: (string);
  'name'?: (string);
  'address'?: (string);
  'labels'?: ({[key: string]: string});
  'availability'?: (_xnet_v1_Availability);
  'mode'?: (_xnet_v1_Mode);
  'pool'?: (string);
  'subnet'?: (string);
  'gateway'?: (string);
  'generation'?: (number | string | Long);
  'createdMs'?: (number | string | Long);
  'state'?: (_xnet_v1_NodeState);
  'seenMs'?: (number | string | Long);
  'controller'?: (string);
  'routes'?: (_xnet_v1_RouteCounts | null);
  'conditions'?: (_xnet_v1_Condition)[];
  'daemonVersion'?: (string);
  'kernelVersion'?: (string);
  'dockerVersion'?: (string);
  'hostNetworks'?: (_xnet_v1_HostNetwork)[];
  'leases'?: (_xnet_v1_Lease)[];
  'containers'?: (_xnet_v1_ContainerUse)[];
  'containerCount'?: (number);
  'containersKnown'?: (boolean);
  'drain'?: (_xnet_v1_Drain | null);
  'schedulable'?: (boolean);
  'revision'?: (number | string | Long);
}

export interface Node__Output {
  'id': (string);
  'name': (string);
  'address': (string);
  'labels': ({[key: string]: string});
  'availability': (_xnet_v1_Availability__Output);
  'mode': (_xnet_v1_Mode__Output);
  'pool': (string);
  'subnet': (string);
  'gateway': (string);
  'generation': (number);
  'createdMs': (number);
  'state': (_xnet_v1_NodeState__Output);
  'seenMs': (number);
  'controller': (string);
  'routes': (_xnet_v1_RouteCounts__Output | null);
  'conditions': (_xnet_v1_Condition__Output)[];
  'daemonVersion': (string);
  'kernelVersion': (string);
  'dockerVersion': (string);
  'hostNetworks': (_xnet_v1_HostNetwork__Output)[];
  'leases': (_xnet_v1_Lease__Output)[];
  'containers': (_xnet_v1_ContainerUse__Output)[];
  'containerCount': (number);
  'containersKnown': (boolean);
  'drain': (_xnet_v1_Drain__Output | null);
  'schedulable': (boolean);
  'revision': (number);
}
