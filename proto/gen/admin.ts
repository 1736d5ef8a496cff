import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AddNodeRequest as _xnet_v1_AddNodeRequest, AddNodeRequest__Output as _xnet_v1_AddNodeRequest__Output } from './xnet/v1/AddNodeRequest.js';
import type { AddNodeResponse as _xnet_v1_AddNodeResponse, AddNodeResponse__Output as _xnet_v1_AddNodeResponse__Output } from './xnet/v1/AddNodeResponse.js';
import type { AdminServiceClient as _xnet_v1_AdminServiceClient, AdminServiceDefinition as _xnet_v1_AdminServiceDefinition } from './xnet/v1/AdminService.js';
import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from './xnet/v1/Condition.js';
import type { ControllerStatus as _xnet_v1_ControllerStatus, ControllerStatus__Output as _xnet_v1_ControllerStatus__Output } from './xnet/v1/ControllerStatus.js';
import type { Convergence as _xnet_v1_Convergence, Convergence__Output as _xnet_v1_Convergence__Output } from './xnet/v1/Convergence.js';
import type { CreatePoolRequest as _xnet_v1_CreatePoolRequest, CreatePoolRequest__Output as _xnet_v1_CreatePoolRequest__Output } from './xnet/v1/CreatePoolRequest.js';
import type { CreatePoolResponse as _xnet_v1_CreatePoolResponse, CreatePoolResponse__Output as _xnet_v1_CreatePoolResponse__Output } from './xnet/v1/CreatePoolResponse.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from './xnet/v1/Event.js';
import type { GetNodeRequest as _xnet_v1_GetNodeRequest, GetNodeRequest__Output as _xnet_v1_GetNodeRequest__Output } from './xnet/v1/GetNodeRequest.js';
import type { GetNodeResponse as _xnet_v1_GetNodeResponse, GetNodeResponse__Output as _xnet_v1_GetNodeResponse__Output } from './xnet/v1/GetNodeResponse.js';
import type { GetPoolRequest as _xnet_v1_GetPoolRequest, GetPoolRequest__Output as _xnet_v1_GetPoolRequest__Output } from './xnet/v1/GetPoolRequest.js';
import type { GetPoolResponse as _xnet_v1_GetPoolResponse, GetPoolResponse__Output as _xnet_v1_GetPoolResponse__Output } from './xnet/v1/GetPoolResponse.js';
import type { GetStatusRequest as _xnet_v1_GetStatusRequest, GetStatusRequest__Output as _xnet_v1_GetStatusRequest__Output } from './xnet/v1/GetStatusRequest.js';
import type { GetStatusResponse as _xnet_v1_GetStatusResponse, GetStatusResponse__Output as _xnet_v1_GetStatusResponse__Output } from './xnet/v1/GetStatusResponse.js';
import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from './xnet/v1/HostNetwork.js';
import type { ListEventsRequest as _xnet_v1_ListEventsRequest, ListEventsRequest__Output as _xnet_v1_ListEventsRequest__Output } from './xnet/v1/ListEventsRequest.js';
import type { ListEventsResponse as _xnet_v1_ListEventsResponse, ListEventsResponse__Output as _xnet_v1_ListEventsResponse__Output } from './xnet/v1/ListEventsResponse.js';
import type { ListNodesRequest as _xnet_v1_ListNodesRequest, ListNodesRequest__Output as _xnet_v1_ListNodesRequest__Output } from './xnet/v1/ListNodesRequest.js';
import type { ListNodesResponse as _xnet_v1_ListNodesResponse, ListNodesResponse__Output as _xnet_v1_ListNodesResponse__Output } from './xnet/v1/ListNodesResponse.js';
import type { ListPoolsRequest as _xnet_v1_ListPoolsRequest, ListPoolsRequest__Output as _xnet_v1_ListPoolsRequest__Output } from './xnet/v1/ListPoolsRequest.js';
import type { ListPoolsResponse as _xnet_v1_ListPoolsResponse, ListPoolsResponse__Output as _xnet_v1_ListPoolsResponse__Output } from './xnet/v1/ListPoolsResponse.js';
import type { ListRoutesRequest as _xnet_v1_ListRoutesRequest, ListRoutesRequest__Output as _xnet_v1_ListRoutesRequest__Output } from './xnet/v1/ListRoutesRequest.js';
import type { ListRoutesResponse as _xnet_v1_ListRoutesResponse, ListRoutesResponse__Output as _xnet_v1_ListRoutesResponse__Output } from './xnet/v1/ListRoutesResponse.js';
import type { ListSubnetsRequest as _xnet_v1_ListSubnetsRequest, ListSubnetsRequest__Output as _xnet_v1_ListSubnetsRequest__Output } from './xnet/v1/ListSubnetsRequest.js';
import type { ListSubnetsResponse as _xnet_v1_ListSubnetsResponse, ListSubnetsResponse__Output as _xnet_v1_ListSubnetsResponse__Output } from './xnet/v1/ListSubnetsResponse.js';
import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from './xnet/v1/Node.js';
import type { NodeCounts as _xnet_v1_NodeCounts, NodeCounts__Output as _xnet_v1_NodeCounts__Output } from './xnet/v1/NodeCounts.js';
import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from './xnet/v1/Pool.js';
import type { PoolUsage as _xnet_v1_PoolUsage, PoolUsage__Output as _xnet_v1_PoolUsage__Output } from './xnet/v1/PoolUsage.js';
import type { ReleaseSubnetRequest as _xnet_v1_ReleaseSubnetRequest, ReleaseSubnetRequest__Output as _xnet_v1_ReleaseSubnetRequest__Output } from './xnet/v1/ReleaseSubnetRequest.js';
import type { ReleaseSubnetResponse as _xnet_v1_ReleaseSubnetResponse, ReleaseSubnetResponse__Output as _xnet_v1_ReleaseSubnetResponse__Output } from './xnet/v1/ReleaseSubnetResponse.js';
import type { RemoveNodeRequest as _xnet_v1_RemoveNodeRequest, RemoveNodeRequest__Output as _xnet_v1_RemoveNodeRequest__Output } from './xnet/v1/RemoveNodeRequest.js';
import type { RemoveNodeResponse as _xnet_v1_RemoveNodeResponse, RemoveNodeResponse__Output as _xnet_v1_RemoveNodeResponse__Output } from './xnet/v1/RemoveNodeResponse.js';
import type { RemovePoolRequest as _xnet_v1_RemovePoolRequest, RemovePoolRequest__Output as _xnet_v1_RemovePoolRequest__Output } from './xnet/v1/RemovePoolRequest.js';
import type { RemovePoolResponse as _xnet_v1_RemovePoolResponse, RemovePoolResponse__Output as _xnet_v1_RemovePoolResponse__Output } from './xnet/v1/RemovePoolResponse.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from './xnet/v1/Reservation.js';
import type { ReserveSubnetRequest as _xnet_v1_ReserveSubnetRequest, ReserveSubnetRequest__Output as _xnet_v1_ReserveSubnetRequest__Output } from './xnet/v1/ReserveSubnetRequest.js';
import type { ReserveSubnetResponse as _xnet_v1_ReserveSubnetResponse, ReserveSubnetResponse__Output as _xnet_v1_ReserveSubnetResponse__Output } from './xnet/v1/ReserveSubnetResponse.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from './xnet/v1/RouteCounts.js';
import type { RouteEntry as _xnet_v1_RouteEntry, RouteEntry__Output as _xnet_v1_RouteEntry__Output } from './xnet/v1/RouteEntry.js';
import type { SetNodeRequest as _xnet_v1_SetNodeRequest, SetNodeRequest__Output as _xnet_v1_SetNodeRequest__Output } from './xnet/v1/SetNodeRequest.js';
import type { SetNodeResponse as _xnet_v1_SetNodeResponse, SetNodeResponse__Output as _xnet_v1_SetNodeResponse__Output } from './xnet/v1/SetNodeResponse.js';
import type { StoreStatus as _xnet_v1_StoreStatus, StoreStatus__Output as _xnet_v1_StoreStatus__Output } from './xnet/v1/StoreStatus.js';
import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from './xnet/v1/Subnet.js';
import type { UndecodableKey as _xnet_v1_UndecodableKey, UndecodableKey__Output as _xnet_v1_UndecodableKey__Output } from './xnet/v1/UndecodableKey.js';
import type { UnreserveSubnetRequest as _xnet_v1_UnreserveSubnetRequest, UnreserveSubnetRequest__Output as _xnet_v1_UnreserveSubnetRequest__Output } from './xnet/v1/UnreserveSubnetRequest.js';
import type { UnreserveSubnetResponse as _xnet_v1_UnreserveSubnetResponse, UnreserveSubnetResponse__Output as _xnet_v1_UnreserveSubnetResponse__Output } from './xnet/v1/UnreserveSubnetResponse.js';
import type { WatchConvergenceRequest as _xnet_v1_WatchConvergenceRequest, WatchConvergenceRequest__Output as _xnet_v1_WatchConvergenceRequest__Output } from './xnet/v1/WatchConvergenceRequest.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  xnet: {
    v1: {
      AddNodeRequest: MessageTypeDefinition<_xnet_v1_AddNodeRequest, _xnet_v1_AddNodeRequest__Output>
      AddNodeResponse: MessageTypeDefinition<_xnet_v1_AddNodeResponse, _xnet_v1_AddNodeResponse__Output>
      AdminService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_AdminServiceClient> & { service: _xnet_v1_AdminServiceDefinition }
      Availability: EnumTypeDefinition
      Condition: MessageTypeDefinition<_xnet_v1_Condition, _xnet_v1_Condition__Output>
      ControllerStatus: MessageTypeDefinition<_xnet_v1_ControllerStatus, _xnet_v1_ControllerStatus__Output>
      Convergence: MessageTypeDefinition<_xnet_v1_Convergence, _xnet_v1_Convergence__Output>
      CreatePoolRequest: MessageTypeDefinition<_xnet_v1_CreatePoolRequest, _xnet_v1_CreatePoolRequest__Output>
      CreatePoolResponse: MessageTypeDefinition<_xnet_v1_CreatePoolResponse, _xnet_v1_CreatePoolResponse__Output>
      Event: MessageTypeDefinition<_xnet_v1_Event, _xnet_v1_Event__Output>
      GetNodeRequest: MessageTypeDefinition<_xnet_v1_GetNodeRequest, _xnet_v1_GetNodeRequest__Output>
      GetNodeResponse: MessageTypeDefinition<_xnet_v1_GetNodeResponse, _xnet_v1_GetNodeResponse__Output>
      GetPoolRequest: MessageTypeDefinition<_xnet_v1_GetPoolRequest, _xnet_v1_GetPoolRequest__Output>
      GetPoolResponse: MessageTypeDefinition<_xnet_v1_GetPoolResponse, _xnet_v1_GetPoolResponse__Output>
      GetStatusRequest: MessageTypeDefinition<_xnet_v1_GetStatusRequest, _xnet_v1_GetStatusRequest__Output>
      GetStatusResponse: MessageTypeDefinition<_xnet_v1_GetStatusResponse, _xnet_v1_GetStatusResponse__Output>
      HostNetwork: MessageTypeDefinition<_xnet_v1_HostNetwork, _xnet_v1_HostNetwork__Output>
      ListEventsRequest: MessageTypeDefinition<_xnet_v1_ListEventsRequest, _xnet_v1_ListEventsRequest__Output>
      ListEventsResponse: MessageTypeDefinition<_xnet_v1_ListEventsResponse, _xnet_v1_ListEventsResponse__Output>
      ListNodesRequest: MessageTypeDefinition<_xnet_v1_ListNodesRequest, _xnet_v1_ListNodesRequest__Output>
      ListNodesResponse: MessageTypeDefinition<_xnet_v1_ListNodesResponse, _xnet_v1_ListNodesResponse__Output>
      ListPoolsRequest: MessageTypeDefinition<_xnet_v1_ListPoolsRequest, _xnet_v1_ListPoolsRequest__Output>
      ListPoolsResponse: MessageTypeDefinition<_xnet_v1_ListPoolsResponse, _xnet_v1_ListPoolsResponse__Output>
      ListRoutesRequest: MessageTypeDefinition<_xnet_v1_ListRoutesRequest, _xnet_v1_ListRoutesRequest__Output>
      ListRoutesResponse: MessageTypeDefinition<_xnet_v1_ListRoutesResponse, _xnet_v1_ListRoutesResponse__Output>
      ListSubnetsRequest: MessageTypeDefinition<_xnet_v1_ListSubnetsRequest, _xnet_v1_ListSubnetsRequest__Output>
      ListSubnetsResponse: MessageTypeDefinition<_xnet_v1_ListSubnetsResponse, _xnet_v1_ListSubnetsResponse__Output>
      Mode: EnumTypeDefinition
      Node: MessageTypeDefinition<_xnet_v1_Node, _xnet_v1_Node__Output>
      NodeCounts: MessageTypeDefinition<_xnet_v1_NodeCounts, _xnet_v1_NodeCounts__Output>
      NodeState: EnumTypeDefinition
      Pool: MessageTypeDefinition<_xnet_v1_Pool, _xnet_v1_Pool__Output>
      PoolUsage: MessageTypeDefinition<_xnet_v1_PoolUsage, _xnet_v1_PoolUsage__Output>
      ReleaseSubnetRequest: MessageTypeDefinition<_xnet_v1_ReleaseSubnetRequest, _xnet_v1_ReleaseSubnetRequest__Output>
      ReleaseSubnetResponse: MessageTypeDefinition<_xnet_v1_ReleaseSubnetResponse, _xnet_v1_ReleaseSubnetResponse__Output>
      RemoveNodeRequest: MessageTypeDefinition<_xnet_v1_RemoveNodeRequest, _xnet_v1_RemoveNodeRequest__Output>
      RemoveNodeResponse: MessageTypeDefinition<_xnet_v1_RemoveNodeResponse, _xnet_v1_RemoveNodeResponse__Output>
      RemovePoolRequest: MessageTypeDefinition<_xnet_v1_RemovePoolRequest, _xnet_v1_RemovePoolRequest__Output>
      RemovePoolResponse: MessageTypeDefinition<_xnet_v1_RemovePoolResponse, _xnet_v1_RemovePoolResponse__Output>
      Reservation: MessageTypeDefinition<_xnet_v1_Reservation, _xnet_v1_Reservation__Output>
      ReserveSubnetRequest: MessageTypeDefinition<_xnet_v1_ReserveSubnetRequest, _xnet_v1_ReserveSubnetRequest__Output>
      ReserveSubnetResponse: MessageTypeDefinition<_xnet_v1_ReserveSubnetResponse, _xnet_v1_ReserveSubnetResponse__Output>
      RouteCounts: MessageTypeDefinition<_xnet_v1_RouteCounts, _xnet_v1_RouteCounts__Output>
      RouteEntry: MessageTypeDefinition<_xnet_v1_RouteEntry, _xnet_v1_RouteEntry__Output>
      SetNodeRequest: MessageTypeDefinition<_xnet_v1_SetNodeRequest, _xnet_v1_SetNodeRequest__Output>
      SetNodeResponse: MessageTypeDefinition<_xnet_v1_SetNodeResponse, _xnet_v1_SetNodeResponse__Output>
      StoreStatus: MessageTypeDefinition<_xnet_v1_StoreStatus, _xnet_v1_StoreStatus__Output>
      Subnet: MessageTypeDefinition<_xnet_v1_Subnet, _xnet_v1_Subnet__Output>
      SubnetState: EnumTypeDefinition
      UndecodableKey: MessageTypeDefinition<_xnet_v1_UndecodableKey, _xnet_v1_UndecodableKey__Output>
      UnreserveSubnetRequest: MessageTypeDefinition<_xnet_v1_UnreserveSubnetRequest, _xnet_v1_UnreserveSubnetRequest__Output>
      UnreserveSubnetResponse: MessageTypeDefinition<_xnet_v1_UnreserveSubnetResponse, _xnet_v1_UnreserveSubnetResponse__Output>
      WatchConvergenceRequest: MessageTypeDefinition<_xnet_v1_WatchConvergenceRequest, _xnet_v1_WatchConvergenceRequest__Output>
    }
  }
}

