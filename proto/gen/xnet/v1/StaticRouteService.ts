// Original file: proto/xnet/v1/static_route.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddStaticRouteRequest as _xnet_v1_AddStaticRouteRequest, AddStaticRouteRequest__Output as _xnet_v1_AddStaticRouteRequest__Output } from '../../xnet/v1/AddStaticRouteRequest.js';
import type { AddStaticRouteResponse as _xnet_v1_AddStaticRouteResponse, AddStaticRouteResponse__Output as _xnet_v1_AddStaticRouteResponse__Output } from '../../xnet/v1/AddStaticRouteResponse.js';
import type { RemoveStaticRouteRequest as _xnet_v1_RemoveStaticRouteRequest, RemoveStaticRouteRequest__Output as _xnet_v1_RemoveStaticRouteRequest__Output } from '../../xnet/v1/RemoveStaticRouteRequest.js';
import type { RemoveStaticRouteResponse as _xnet_v1_RemoveStaticRouteResponse, RemoveStaticRouteResponse__Output as _xnet_v1_RemoveStaticRouteResponse__Output } from '../../xnet/v1/RemoveStaticRouteResponse.js';

export interface StaticRouteServiceClient extends grpc.Client {
  AddStaticRoute(argument: _xnet_v1_AddStaticRouteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  AddStaticRoute(argument: _xnet_v1_AddStaticRouteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AddStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  AddStaticRoute(argument: _xnet_v1_AddStaticRouteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  AddStaticRoute(argument: _xnet_v1_AddStaticRouteRequest, callback: grpc.requestCallback<_xnet_v1_AddStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  addStaticRoute(argument: _xnet_v1_AddStaticRouteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  addStaticRoute(argument: _xnet_v1_AddStaticRouteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AddStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  addStaticRoute(argument: _xnet_v1_AddStaticRouteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  addStaticRoute(argument: _xnet_v1_AddStaticRouteRequest, callback: grpc.requestCallback<_xnet_v1_AddStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveStaticRoute(argument: _xnet_v1_RemoveStaticRouteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  RemoveStaticRoute(argument: _xnet_v1_RemoveStaticRouteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  RemoveStaticRoute(argument: _xnet_v1_RemoveStaticRouteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  RemoveStaticRoute(argument: _xnet_v1_RemoveStaticRouteRequest, callback: grpc.requestCallback<_xnet_v1_RemoveStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  removeStaticRoute(argument: _xnet_v1_RemoveStaticRouteRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  removeStaticRoute(argument: _xnet_v1_RemoveStaticRouteRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  removeStaticRoute(argument: _xnet_v1_RemoveStaticRouteRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  removeStaticRoute(argument: _xnet_v1_RemoveStaticRouteRequest, callback: grpc.requestCallback<_xnet_v1_RemoveStaticRouteResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface StaticRouteServiceHandlers extends grpc.UntypedServiceImplementation {
  AddStaticRoute: grpc.handleUnaryCall<_xnet_v1_AddStaticRouteRequest__Output, _xnet_v1_AddStaticRouteResponse>;
  
  RemoveStaticRoute: grpc.handleUnaryCall<_xnet_v1_RemoveStaticRouteRequest__Output, _xnet_v1_RemoveStaticRouteResponse>;
  
}

export interface StaticRouteServiceDefinition extends grpc.ServiceDefinition {
  AddStaticRoute: MethodDefinition<_xnet_v1_AddStaticRouteRequest, _xnet_v1_AddStaticRouteResponse, _xnet_v1_AddStaticRouteRequest__Output, _xnet_v1_AddStaticRouteResponse__Output>
  RemoveStaticRoute: MethodDefinition<_xnet_v1_RemoveStaticRouteRequest, _xnet_v1_RemoveStaticRouteResponse, _xnet_v1_RemoveStaticRouteRequest__Output, _xnet_v1_RemoveStaticRouteResponse__Output>
}
