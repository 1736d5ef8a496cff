import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from './xnet/v1/Condition.js';
import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from './xnet/v1/ContainerUse.js';
import type { ControllerStatus as _xnet_v1_ControllerStatus, ControllerStatus__Output as _xnet_v1_ControllerStatus__Output } from './xnet/v1/ControllerStatus.js';
import type { Drain as _xnet_v1_Drain, Drain__Output as _xnet_v1_Drain__Output } from './xnet/v1/Drain.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from './xnet/v1/Event.js';
import type { GetStatusRequest as _xnet_v1_GetStatusRequest, GetStatusRequest__Output as _xnet_v1_GetStatusRequest__Output } from './xnet/v1/GetStatusRequest.js';
import type { GetStatusResponse as _xnet_v1_GetStatusResponse, GetStatusResponse__Output as _xnet_v1_GetStatusResponse__Output } from './xnet/v1/GetStatusResponse.js';
import type { HeldRoutes as _xnet_v1_HeldRoutes, HeldRoutes__Output as _xnet_v1_HeldRoutes__Output } from './xnet/v1/HeldRoutes.js';
import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from './xnet/v1/HostNetwork.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from './xnet/v1/Lan.js';
import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from './xnet/v1/Lease.js';
import type { LeaseUse as _xnet_v1_LeaseUse, LeaseUse__Output as _xnet_v1_LeaseUse__Output } from './xnet/v1/LeaseUse.js';
import type { ListEventsRequest as _xnet_v1_ListEventsRequest, ListEventsRequest__Output as _xnet_v1_ListEventsRequest__Output } from './xnet/v1/ListEventsRequest.js';
import type { ListEventsResponse as _xnet_v1_ListEventsResponse, ListEventsResponse__Output as _xnet_v1_ListEventsResponse__Output } from './xnet/v1/ListEventsResponse.js';
import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from './xnet/v1/Nic.js';
import type { NicList as _xnet_v1_NicList, NicList__Output as _xnet_v1_NicList__Output } from './xnet/v1/NicList.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from './xnet/v1/NicUse.js';
import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from './xnet/v1/Node.js';
import type { NodeCounts as _xnet_v1_NodeCounts, NodeCounts__Output as _xnet_v1_NodeCounts__Output } from './xnet/v1/NodeCounts.js';
import type { Permit as _xnet_v1_Permit, Permit__Output as _xnet_v1_Permit__Output } from './xnet/v1/Permit.js';
import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from './xnet/v1/Pool.js';
import type { PoolUsage as _xnet_v1_PoolUsage, PoolUsage__Output as _xnet_v1_PoolUsage__Output } from './xnet/v1/PoolUsage.js';
import type { Problem as _xnet_v1_Problem, Problem__Output as _xnet_v1_Problem__Output } from './xnet/v1/Problem.js';
import type { RemoveControllerRequest as _xnet_v1_RemoveControllerRequest, RemoveControllerRequest__Output as _xnet_v1_RemoveControllerRequest__Output } from './xnet/v1/RemoveControllerRequest.js';
import type { RemoveControllerResponse as _xnet_v1_RemoveControllerResponse, RemoveControllerResponse__Output as _xnet_v1_RemoveControllerResponse__Output } from './xnet/v1/RemoveControllerResponse.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from './xnet/v1/Reservation.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from './xnet/v1/RouteCounts.js';
import type { StoreStatus as _xnet_v1_StoreStatus, StoreStatus__Output as _xnet_v1_StoreStatus__Output } from './xnet/v1/StoreStatus.js';
import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from './xnet/v1/Subnet.js';
import type { UndecodableKey as _xnet_v1_UndecodableKey, UndecodableKey__Output as _xnet_v1_UndecodableKey__Output } from './xnet/v1/UndecodableKey.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  xnet: {
    v1: {
      Availability: EnumTypeDefinition
      Condition: MessageTypeDefinition<_xnet_v1_Condition, _xnet_v1_Condition__Output>
      ContainerUse: MessageTypeDefinition<_xnet_v1_ContainerUse, _xnet_v1_ContainerUse__Output>
      ControllerStatus: MessageTypeDefinition<_xnet_v1_ControllerStatus, _xnet_v1_ControllerStatus__Output>
      Drain: MessageTypeDefinition<_xnet_v1_Drain, _xnet_v1_Drain__Output>
      Event: MessageTypeDefinition<_xnet_v1_Event, _xnet_v1_Event__Output>
      GetStatusRequest: MessageTypeDefinition<_xnet_v1_GetStatusRequest, _xnet_v1_GetStatusRequest__Output>
      GetStatusResponse: MessageTypeDefinition<_xnet_v1_GetStatusResponse, _xnet_v1_GetStatusResponse__Output>
      HeldRoutes: MessageTypeDefinition<_xnet_v1_HeldRoutes, _xnet_v1_HeldRoutes__Output>
      HostNetwork: MessageTypeDefinition<_xnet_v1_HostNetwork, _xnet_v1_HostNetwork__Output>
      Lan: MessageTypeDefinition<_xnet_v1_Lan, _xnet_v1_Lan__Output>
      Lease: MessageTypeDefinition<_xnet_v1_Lease, _xnet_v1_Lease__Output>
      LeaseState: EnumTypeDefinition
      LeaseUse: MessageTypeDefinition<_xnet_v1_LeaseUse, _xnet_v1_LeaseUse__Output>
      ListEventsRequest: MessageTypeDefinition<_xnet_v1_ListEventsRequest, _xnet_v1_ListEventsRequest__Output>
      ListEventsResponse: MessageTypeDefinition<_xnet_v1_ListEventsResponse, _xnet_v1_ListEventsResponse__Output>
      Mode: EnumTypeDefinition
      Nic: MessageTypeDefinition<_xnet_v1_Nic, _xnet_v1_Nic__Output>
      NicList: MessageTypeDefinition<_xnet_v1_NicList, _xnet_v1_NicList__Output>
      NicUse: MessageTypeDefinition<_xnet_v1_NicUse, _xnet_v1_NicUse__Output>
      Node: MessageTypeDefinition<_xnet_v1_Node, _xnet_v1_Node__Output>
      NodeCounts: MessageTypeDefinition<_xnet_v1_NodeCounts, _xnet_v1_NodeCounts__Output>
      NodeState: EnumTypeDefinition
      Permit: MessageTypeDefinition<_xnet_v1_Permit, _xnet_v1_Permit__Output>
      Pool: MessageTypeDefinition<_xnet_v1_Pool, _xnet_v1_Pool__Output>
      PoolUsage: MessageTypeDefinition<_xnet_v1_PoolUsage, _xnet_v1_PoolUsage__Output>
      Problem: MessageTypeDefinition<_xnet_v1_Problem, _xnet_v1_Problem__Output>
      RemoveControllerRequest: MessageTypeDefinition<_xnet_v1_RemoveControllerRequest, _xnet_v1_RemoveControllerRequest__Output>
      RemoveControllerResponse: MessageTypeDefinition<_xnet_v1_RemoveControllerResponse, _xnet_v1_RemoveControllerResponse__Output>
      Reservation: MessageTypeDefinition<_xnet_v1_Reservation, _xnet_v1_Reservation__Output>
      RouteCounts: MessageTypeDefinition<_xnet_v1_RouteCounts, _xnet_v1_RouteCounts__Output>
      StoreStatus: MessageTypeDefinition<_xnet_v1_StoreStatus, _xnet_v1_StoreStatus__Output>
      Subnet: MessageTypeDefinition<_xnet_v1_Subnet, _xnet_v1_Subnet__Output>
      SubnetState: EnumTypeDefinition
      UndecodableKey: MessageTypeDefinition<_xnet_v1_UndecodableKey, _xnet_v1_UndecodableKey__Output>
    }
  }
}

