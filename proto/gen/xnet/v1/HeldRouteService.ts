// Original file: proto/xnet/v1/held_route.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ApproveWithdrawalsRequest as _xnet_v1_ApproveWithdrawalsRequest, ApproveWithdrawalsRequest__Output as _xnet_v1_ApproveWithdrawalsRequest__Output } from '../../xnet/v1/ApproveWithdrawalsRequest.js';
import type { ApproveWithdrawalsResponse as _xnet_v1_ApproveWithdrawalsResponse, ApproveWithdrawalsResponse__Output as _xnet_v1_ApproveWithdrawalsResponse__Output } from '../../xnet/v1/ApproveWithdrawalsResponse.js';
import type { ListHeldRoutesRequest as _xnet_v1_ListHeldRoutesRequest, ListHeldRoutesRequest__Output as _xnet_v1_ListHeldRoutesRequest__Output } from '../../xnet/v1/ListHeldRoutesRequest.js';
import type { ListHeldRoutesResponse as _xnet_v1_ListHeldRoutesResponse, ListHeldRoutesResponse__Output as _xnet_v1_ListHeldRoutesResponse__Output } from '../../xnet/v1/ListHeldRoutesResponse.js';

export interface HeldRouteServiceClient extends grpc.Client {
  ApproveWithdrawals(argument: _xnet_v1_ApproveWithdrawalsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ApproveWithdrawalsResponse__Output>): grpc.ClientUnaryCall;
  ApproveWithdrawals(argument: _xnet_v1_ApproveWithdrawalsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ApproveWithdrawalsResponse__Output>): grpc.ClientUnaryCall;
  ApproveWithdrawals(argument: _xnet_v1_ApproveWithdrawalsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ApproveWithdrawalsResponse__Output>): grpc.ClientUnaryCall;
  ApproveWithdrawals(argument: _xnet_v1_ApproveWithdrawalsRequest, callback: grpc.requestCallback<_xnet_v1_ApproveWithdrawalsResponse__Output>): grpc.ClientUnaryCall;
  approveWithdrawals(argument: _xnet_v1_ApproveWithdrawalsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ApproveWithdrawalsResponse__Output>): grpc.ClientUnaryCall;
  approveWithdrawals(argument: _xnet_v1_ApproveWithdrawalsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ApproveWithdrawalsResponse__Output>): grpc.ClientUnaryCall;
  approveWithdrawals(argument: _xnet_v1_ApproveWithdrawalsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ApproveWithdrawalsResponse__Output>): grpc.ClientUnaryCall;
  approveWithdrawals(argument: _xnet_v1_ApproveWithdrawalsRequest, callback: grpc.requestCallback<_xnet_v1_ApproveWithdrawalsResponse__Output>): grpc.ClientUnaryCall;
  
  ListHeldRoutes(argument: _xnet_v1_ListHeldRoutesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListHeldRoutesResponse__Output>): grpc.ClientUnaryCall;
  ListHeldRoutes(argument: _xnet_v1_ListHeldRoutesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListHeldRoutesResponse__Output>): grpc.ClientUnaryCall;
  ListHeldRoutes(argument: _xnet_v1_ListHeldRoutesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListHeldRoutesResponse__Output>): grpc.ClientUnaryCall;
  ListHeldRoutes(argument: _xnet_v1_ListHeldRoutesRequest, callback: grpc.requestCallback<_xnet_v1_ListHeldRoutesResponse__Output>): grpc.ClientUnaryCall;
  listHeldRoutes(argument: _xnet_v1_ListHeldRoutesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListHeldRoutesResponse__Output>): grpc.ClientUnaryCall;
  listHeldRoutes(argument: _xnet_v1_ListHeldRoutesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListHeldRoutesResponse__Output>): grpc.ClientUnaryCall;
  listHeldRoutes(argument: _xnet_v1_ListHeldRoutesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListHeldRoutesResponse__Output>): grpc.ClientUnaryCall;
  listHeldRoutes(argument: _xnet_v1_ListHeldRoutesRequest, callback: grpc.requestCallback<_xnet_v1_ListHeldRoutesResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface HeldRouteServiceHandlers extends grpc.UntypedServiceImplementation {
  ApproveWithdrawals: grpc.handleUnaryCall<_xnet_v1_ApproveWithdrawalsRequest__Output, _xnet_v1_ApproveWithdrawalsResponse>;
  
  ListHeldRoutes: grpc.handleUnaryCall<_xnet_v1_ListHeldRoutesRequest__Output, _xnet_v1_ListHeldRoutesResponse>;
  
}

export interface HeldRouteServiceDefinition extends grpc.ServiceDefinition {
  ApproveWithdrawals: MethodDefinition<_xnet_v1_ApproveWithdrawalsRequest, _xnet_v1_ApproveWithdrawalsResponse, _xnet_v1_ApproveWithdrawalsRequest__Output, _xnet_v1_ApproveWithdrawalsResponse__Output>
  ListHeldRoutes: MethodDefinition<_xnet_v1_ListHeldRoutesRequest, _xnet_v1_ListHeldRoutesResponse, _xnet_v1_ListHeldRoutesRequest__Output, _xnet_v1_ListHeldRoutesResponse__Output>
}
