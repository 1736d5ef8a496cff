import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Assignment as _xnet_v1_Assignment, Assignment__Output as _xnet_v1_Assignment__Output } from './xnet/v1/Assignment.js';
import type { Bookmark as _xnet_v1_Bookmark, Bookmark__Output as _xnet_v1_Bookmark__Output } from './xnet/v1/Bookmark.js';
import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from './xnet/v1/Condition.js';
import type { Delta as _xnet_v1_Delta, Delta__Output as _xnet_v1_Delta__Output } from './xnet/v1/Delta.js';
import type { Destination as _xnet_v1_Destination, Destination__Output as _xnet_v1_Destination__Output } from './xnet/v1/Destination.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from './xnet/v1/Event.js';
import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from './xnet/v1/HostNetwork.js';
import type { LeaveRequest as _xnet_v1_LeaveRequest, LeaveRequest__Output as _xnet_v1_LeaveRequest__Output } from './xnet/v1/LeaveRequest.js';
import type { LeaveResponse as _xnet_v1_LeaveResponse, LeaveResponse__Output as _xnet_v1_LeaveResponse__Output } from './xnet/v1/LeaveResponse.js';
import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from './xnet/v1/Node.js';
import type { NodeServiceClient as _xnet_v1_NodeServiceClient, NodeServiceDefinition as _xnet_v1_NodeServiceDefinition } from './xnet/v1/NodeService.js';
import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from './xnet/v1/Pool.js';
import type { PoolList as _xnet_v1_PoolList, PoolList__Output as _xnet_v1_PoolList__Output } from './xnet/v1/PoolList.js';
import type { PoolUsage as _xnet_v1_PoolUsage, PoolUsage__Output as _xnet_v1_PoolUsage__Output } from './xnet/v1/PoolUsage.js';
import type { ReportRequest as _xnet_v1_ReportRequest, ReportRequest__Output as _xnet_v1_ReportRequest__Output } from './xnet/v1/ReportRequest.js';
import type { ReportResponse as _xnet_v1_ReportResponse, ReportResponse__Output as _xnet_v1_ReportResponse__Output } from './xnet/v1/ReportResponse.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from './xnet/v1/Reservation.js';
import type { Route as _xnet_v1_Route, Route__Output as _xnet_v1_Route__Output } from './xnet/v1/Route.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from './xnet/v1/RouteCounts.js';
import type { SnapshotChunk as _xnet_v1_SnapshotChunk, SnapshotChunk__Output as _xnet_v1_SnapshotChunk__Output } from './xnet/v1/SnapshotChunk.js';
import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from './xnet/v1/Subnet.js';
import type { Version as _xnet_v1_Version, Version__Output as _xnet_v1_Version__Output } from './xnet/v1/Version.js';
import type { WatchRequest as _xnet_v1_WatchRequest, WatchRequest__Output as _xnet_v1_WatchRequest__Output } from './xnet/v1/WatchRequest.js';
import type { WatchResponse as _xnet_v1_WatchResponse, WatchResponse__Output as _xnet_v1_WatchResponse__Output } from './xnet/v1/WatchResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  xnet: {
    v1: {
      Assignment: MessageTypeDefinition<_xnet_v1_Assignment, _xnet_v1_Assignment__Output>
      Availability: EnumTypeDefinition
      Bookmark: MessageTypeDefinition<_xnet_v1_Bookmark, _xnet_v1_Bookmark__Output>
      Condition: MessageTypeDefinition<_xnet_v1_Condition, _xnet_v1_Condition__Output>
      Delta: MessageTypeDefinition<_xnet_v1_Delta, _xnet_v1_Delta__Output>
      Destination: MessageTypeDefinition<_xnet_v1_Destination, _xnet_v1_Destination__Output>
      Event: MessageTypeDefinition<_xnet_v1_Event, _xnet_v1_Event__Output>
      HostNetwork: MessageTypeDefinition<_xnet_v1_HostNetwork, _xnet_v1_HostNetwork__Output>
      LeaveRequest: MessageTypeDefinition<_xnet_v1_LeaveRequest, _xnet_v1_LeaveRequest__Output>
      LeaveResponse: MessageTypeDefinition<_xnet_v1_LeaveResponse, _xnet_v1_LeaveResponse__Output>
      Mode: EnumTypeDefinition
      Node: MessageTypeDefinition<_xnet_v1_Node, _xnet_v1_Node__Output>
      NodeService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_NodeServiceClient> & { service: _xnet_v1_NodeServiceDefinition }
      NodeState: EnumTypeDefinition
      Pool: MessageTypeDefinition<_xnet_v1_Pool, _xnet_v1_Pool__Output>
      PoolList: MessageTypeDefinition<_xnet_v1_PoolList, _xnet_v1_PoolList__Output>
      PoolUsage: MessageTypeDefinition<_xnet_v1_PoolUsage, _xnet_v1_PoolUsage__Output>
      ReportRequest: MessageTypeDefinition<_xnet_v1_ReportRequest, _xnet_v1_ReportRequest__Output>
      ReportResponse: MessageTypeDefinition<_xnet_v1_ReportResponse, _xnet_v1_ReportResponse__Output>
      Reservation: MessageTypeDefinition<_xnet_v1_Reservation, _xnet_v1_Reservation__Output>
      Route: MessageTypeDefinition<_xnet_v1_Route, _xnet_v1_Route__Output>
      RouteCounts: MessageTypeDefinition<_xnet_v1_RouteCounts, _xnet_v1_RouteCounts__Output>
      SnapshotChunk: MessageTypeDefinition<_xnet_v1_SnapshotChunk, _xnet_v1_SnapshotChunk__Output>
      Subnet: MessageTypeDefinition<_xnet_v1_Subnet, _xnet_v1_Subnet__Output>
      SubnetState: EnumTypeDefinition
      Version: MessageTypeDefinition<_xnet_v1_Version, _xnet_v1_Version__Output>
      WatchRequest: MessageTypeDefinition<_xnet_v1_WatchRequest, _xnet_v1_WatchRequest__Output>
      WatchResponse: MessageTypeDefinition<_xnet_v1_WatchResponse, _xnet_v1_WatchResponse__Output>
    }
  }
}

