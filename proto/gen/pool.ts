import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from './xnet/v1/Condition.js';
import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from './xnet/v1/ContainerUse.js';
import type { CreatePoolRequest as _xnet_v1_CreatePoolRequest, CreatePoolRequest__Output as _xnet_v1_CreatePoolRequest__Output } from './xnet/v1/CreatePoolRequest.js';
import type { CreatePoolResponse as _xnet_v1_CreatePoolResponse, CreatePoolResponse__Output as _xnet_v1_CreatePoolResponse__Output } from './xnet/v1/CreatePoolResponse.js';
import type { Drain as _xnet_v1_Drain, Drain__Output as _xnet_v1_Drain__Output } from './xnet/v1/Drain.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from './xnet/v1/Event.js';
import type { GetPoolRequest as _xnet_v1_GetPoolRequest, GetPoolRequest__Output as _xnet_v1_GetPoolRequest__Output } from './xnet/v1/GetPoolRequest.js';
import type { GetPoolResponse as _xnet_v1_GetPoolResponse, GetPoolResponse__Output as _xnet_v1_GetPoolResponse__Output } from './xnet/v1/GetPoolResponse.js';
import type { HeldRoutes as _xnet_v1_HeldRoutes, HeldRoutes__Output as _xnet_v1_HeldRoutes__Output } from './xnet/v1/HeldRoutes.js';
import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from './xnet/v1/HostNetwork.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from './xnet/v1/Lan.js';
import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from './xnet/v1/Lease.js';
import type { LeaseUse as _xnet_v1_LeaseUse, LeaseUse__Output as _xnet_v1_LeaseUse__Output } from './xnet/v1/LeaseUse.js';
import type { ListPoolsRequest as _xnet_v1_ListPoolsRequest, ListPoolsRequest__Output as _xnet_v1_ListPoolsRequest__Output } from './xnet/v1/ListPoolsRequest.js';
import type { ListPoolsResponse as _xnet_v1_ListPoolsResponse, ListPoolsResponse__Output as _xnet_v1_ListPoolsResponse__Output } from './xnet/v1/ListPoolsResponse.js';
import type { ListRoutesRequest as _xnet_v1_ListRoutesRequest, ListRoutesRequest__Output as _xnet_v1_ListRoutesRequest__Output } from './xnet/v1/ListRoutesRequest.js';
import type { ListRoutesResponse as _xnet_v1_ListRoutesResponse, ListRoutesResponse__Output as _xnet_v1_ListRoutesResponse__Output } from './xnet/v1/ListRoutesResponse.js';
import type { ListSubnetsRequest as _xnet_v1_ListSubnetsRequest, ListSubnetsRequest__Output as _xnet_v1_ListSubnetsRequest__Output } from './xnet/v1/ListSubnetsRequest.js';
import type { ListSubnetsResponse as _xnet_v1_ListSubnetsResponse, ListSubnetsResponse__Output as _xnet_v1_ListSubnetsResponse__Output } from './xnet/v1/ListSubnetsResponse.js';
import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from './xnet/v1/Nic.js';
import type { NicList as _xnet_v1_NicList, NicList__Output as _xnet_v1_NicList__Output } from './xnet/v1/NicList.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from './xnet/v1/NicUse.js';
import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from './xnet/v1/Node.js';
import type { Permit as _xnet_v1_Permit, Permit__Output as _xnet_v1_Permit__Output } from './xnet/v1/Permit.js';
import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from './xnet/v1/Pool.js';
import type { PoolUsage as _xnet_v1_PoolUsage, PoolUsage__Output as _xnet_v1_PoolUsage__Output } from './xnet/v1/PoolUsage.js';
import type { ReleaseSubnetRequest as _xnet_v1_ReleaseSubnetRequest, ReleaseSubnetRequest__Output as _xnet_v1_ReleaseSubnetRequest__Output } from './xnet/v1/ReleaseSubnetRequest.js';
import type { ReleaseSubnetResponse as _xnet_v1_ReleaseSubnetResponse, ReleaseSubnetResponse__Output as _xnet_v1_ReleaseSubnetResponse__Output } from './xnet/v1/ReleaseSubnetResponse.js';
import type { RemovePoolRequest as _xnet_v1_RemovePoolRequest, RemovePoolRequest__Output as _xnet_v1_RemovePoolRequest__Output } from './xnet/v1/RemovePoolRequest.js';
import type { RemovePoolResponse as _xnet_v1_RemovePoolResponse, RemovePoolResponse__Output as _xnet_v1_RemovePoolResponse__Output } from './xnet/v1/RemovePoolResponse.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from './xnet/v1/Reservation.js';
import type { ReserveSubnetRequest as _xnet_v1_ReserveSubnetRequest, ReserveSubnetRequest__Output as _xnet_v1_ReserveSubnetRequest__Output } from './xnet/v1/ReserveSubnetRequest.js';
import type { ReserveSubnetResponse as _xnet_v1_ReserveSubnetResponse, ReserveSubnetResponse__Output as _xnet_v1_ReserveSubnetResponse__Output } from './xnet/v1/ReserveSubnetResponse.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from './xnet/v1/RouteCounts.js';
import type { RouteEntry as _xnet_v1_RouteEntry, RouteEntry__Output as _xnet_v1_RouteEntry__Output } from './xnet/v1/RouteEntry.js';
import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from './xnet/v1/Subnet.js';
import type { UnreserveSubnetRequest as _xnet_v1_UnreserveSubnetRequest, UnreserveSubnetRequest__Output as _xnet_v1_UnreserveSubnetRequest__Output } from './xnet/v1/UnreserveSubnetRequest.js';
import type { UnreserveSubnetResponse as _xnet_v1_UnreserveSubnetResponse, UnreserveSubnetResponse__Output as _xnet_v1_UnreserveSubnetResponse__Output } from './xnet/v1/UnreserveSubnetResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  xnet: {
    v1: {
      Availability: EnumTypeDefinition
      Condition: MessageTypeDefinition<_xnet_v1_Condition, _xnet_v1_Condition__Output>
      ContainerUse: MessageTypeDefinition<_xnet_v1_ContainerUse, _xnet_v1_ContainerUse__Output>
      CreatePoolRequest: MessageTypeDefinition<_xnet_v1_CreatePoolRequest, _xnet_v1_CreatePoolRequest__Output>
      CreatePoolResponse: MessageTypeDefinition<_xnet_v1_CreatePoolResponse, _xnet_v1_CreatePoolResponse__Output>
      Drain: MessageTypeDefinition<_xnet_v1_Drain, _xnet_v1_Drain__Output>
      Event: MessageTypeDefinition<_xnet_v1_Event, _xnet_v1_Event__Output>
      GetPoolRequest: MessageTypeDefinition<_xnet_v1_GetPoolRequest, _xnet_v1_GetPoolRequest__Output>
      GetPoolResponse: MessageTypeDefinition<_xnet_v1_GetPoolResponse, _xnet_v1_GetPoolResponse__Output>
      HeldRoutes: MessageTypeDefinition<_xnet_v1_HeldRoutes, _xnet_v1_HeldRoutes__Output>
      HostNetwork: MessageTypeDefinition<_xnet_v1_HostNetwork, _xnet_v1_HostNetwork__Output>
      Lan: MessageTypeDefinition<_xnet_v1_Lan, _xnet_v1_Lan__Output>
      Lease: MessageTypeDefinition<_xnet_v1_Lease, _xnet_v1_Lease__Output>
      LeaseState: EnumTypeDefinition
      LeaseUse: MessageTypeDefinition<_xnet_v1_LeaseUse, _xnet_v1_LeaseUse__Output>
      ListPoolsRequest: MessageTypeDefinition<_xnet_v1_ListPoolsRequest, _xnet_v1_ListPoolsRequest__Output>
      ListPoolsResponse: MessageTypeDefinition<_xnet_v1_ListPoolsResponse, _xnet_v1_ListPoolsResponse__Output>
      ListRoutesRequest: MessageTypeDefinition<_xnet_v1_ListRoutesRequest, _xnet_v1_ListRoutesRequest__Output>
      ListRoutesResponse: MessageTypeDefinition<_xnet_v1_ListRoutesResponse, _xnet_v1_ListRoutesResponse__Output>
      ListSubnetsRequest: MessageTypeDefinition<_xnet_v1_ListSubnetsRequest, _xnet_v1_ListSubnetsRequest__Output>
      ListSubnetsResponse: MessageTypeDefinition<_xnet_v1_ListSubnetsResponse, _xnet_v1_ListSubnetsResponse__Output>
      Mode: EnumTypeDefinition
      Nic: MessageTypeDefinition<_xnet_v1_Nic, _xnet_v1_Nic__Output>
      NicList: MessageTypeDefinition<_xnet_v1_NicList, _xnet_v1_NicList__Output>
      NicUse: MessageTypeDefinition<_xnet_v1_NicUse, _xnet_v1_NicUse__Output>
      Node: MessageTypeDefinition<_xnet_v1_Node, _xnet_v1_Node__Output>
      NodeState: EnumTypeDefinition
      Permit: MessageTypeDefinition<_xnet_v1_Permit, _xnet_v1_Permit__Output>
      Pool: MessageTypeDefinition<_xnet_v1_Pool, _xnet_v1_Pool__Output>
      PoolUsage: MessageTypeDefinition<_xnet_v1_PoolUsage, _xnet_v1_PoolUsage__Output>
      ReleaseSubnetRequest: MessageTypeDefinition<_xnet_v1_ReleaseSubnetRequest, _xnet_v1_ReleaseSubnetRequest__Output>
      ReleaseSubnetResponse: MessageTypeDefinition<_xnet_v1_ReleaseSubnetResponse, _xnet_v1_ReleaseSubnetResponse__Output>
      RemovePoolRequest: MessageTypeDefinition<_xnet_v1_RemovePoolRequest, _xnet_v1_RemovePoolRequest__Output>
      RemovePoolResponse: MessageTypeDefinition<_xnet_v1_RemovePoolResponse, _xnet_v1_RemovePoolResponse__Output>
      Reservation: MessageTypeDefinition<_xnet_v1_Reservation, _xnet_v1_Reservation__Output>
      ReserveSubnetRequest: MessageTypeDefinition<_xnet_v1_ReserveSubnetRequest, _xnet_v1_ReserveSubnetRequest__Output>
      ReserveSubnetResponse: MessageTypeDefinition<_xnet_v1_ReserveSubnetResponse, _xnet_v1_ReserveSubnetResponse__Output>
      RouteCounts: MessageTypeDefinition<_xnet_v1_RouteCounts, _xnet_v1_RouteCounts__Output>
      RouteEntry: MessageTypeDefinition<_xnet_v1_RouteEntry, _xnet_v1_RouteEntry__Output>
      Subnet: MessageTypeDefinition<_xnet_v1_Subnet, _xnet_v1_Subnet__Output>
      SubnetState: EnumTypeDefinition
      UnreserveSubnetRequest: MessageTypeDefinition<_xnet_v1_UnreserveSubnetRequest, _xnet_v1_UnreserveSubnetRequest__Output>
      UnreserveSubnetResponse: MessageTypeDefinition<_xnet_v1_UnreserveSubnetResponse, _xnet_v1_UnreserveSubnetResponse__Output>
    }
  }
}

