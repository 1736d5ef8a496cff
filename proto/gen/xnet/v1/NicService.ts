// Original file: proto/xnet/v1/nic.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddNicRequest as _xnet_v1_AddNicRequest, AddNicRequest__Output as _xnet_v1_AddNicRequest__Output } from '../../xnet/v1/AddNicRequest.js';
import type { AddNicResponse as _xnet_v1_AddNicResponse, AddNicResponse__Output as _xnet_v1_AddNicResponse__Output } from '../../xnet/v1/AddNicResponse.js';
import type { ListNicsRequest as _xnet_v1_ListNicsRequest, ListNicsRequest__Output as _xnet_v1_ListNicsRequest__Output } from '../../xnet/v1/ListNicsRequest.js';
import type { ListNicsResponse as _xnet_v1_ListNicsResponse, ListNicsResponse__Output as _xnet_v1_ListNicsResponse__Output } from '../../xnet/v1/ListNicsResponse.js';
import type { RemoveNicRequest as _xnet_v1_RemoveNicRequest, RemoveNicRequest__Output as _xnet_v1_RemoveNicRequest__Output } from '../../xnet/v1/RemoveNicRequest.js';
import type { RemoveNicResponse as _xnet_v1_RemoveNicResponse, RemoveNicResponse__Output as _xnet_v1_RemoveNicResponse__Output } from '../../xnet/v1/RemoveNicResponse.js';

export interface NicServiceClient extends grpc.Client {
  AddNic(argument: _xnet_v1_AddNicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddNicResponse__Output>): grpc.ClientUnaryCall;
  AddNic(argument: _xnet_v1_AddNicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AddNicResponse__Output>): grpc.ClientUnaryCall;
  AddNic(argument: _xnet_v1_AddNicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddNicResponse__Output>): grpc.ClientUnaryCall;
  AddNic(argument: _xnet_v1_AddNicRequest, callback: grpc.requestCallback<_xnet_v1_AddNicResponse__Output>): grpc.ClientUnaryCall;
  addNic(argument: _xnet_v1_AddNicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddNicResponse__Output>): grpc.ClientUnaryCall;
  addNic(argument: _xnet_v1_AddNicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AddNicResponse__Output>): grpc.ClientUnaryCall;
  addNic(argument: _xnet_v1_AddNicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddNicResponse__Output>): grpc.ClientUnaryCall;
  addNic(argument: _xnet_v1_AddNicRequest, callback: grpc.requestCallback<_xnet_v1_AddNicResponse__Output>): grpc.ClientUnaryCall;
  
  ListNics(argument: _xnet_v1_ListNicsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNicsResponse__Output>): grpc.ClientUnaryCall;
  ListNics(argument: _xnet_v1_ListNicsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListNicsResponse__Output>): grpc.ClientUnaryCall;
  ListNics(argument: _xnet_v1_ListNicsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNicsResponse__Output>): grpc.ClientUnaryCall;
  ListNics(argument: _xnet_v1_ListNicsRequest, callback: grpc.requestCallback<_xnet_v1_ListNicsResponse__Output>): grpc.ClientUnaryCall;
  listNics(argument: _xnet_v1_ListNicsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNicsResponse__Output>): grpc.ClientUnaryCall;
  listNics(argument: _xnet_v1_ListNicsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListNicsResponse__Output>): grpc.ClientUnaryCall;
  listNics(argument: _xnet_v1_ListNicsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNicsResponse__Output>): grpc.ClientUnaryCall;
  listNics(argument: _xnet_v1_ListNicsRequest, callback: grpc.requestCallback<_xnet_v1_ListNicsResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveNic(argument: _xnet_v1_RemoveNicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNicResponse__Output>): grpc.ClientUnaryCall;
  RemoveNic(argument: _xnet_v1_RemoveNicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveNicResponse__Output>): grpc.ClientUnaryCall;
  RemoveNic(argument: _xnet_v1_RemoveNicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNicResponse__Output>): grpc.ClientUnaryCall;
  RemoveNic(argument: _xnet_v1_RemoveNicRequest, callback: grpc.requestCallback<_xnet_v1_RemoveNicResponse__Output>): grpc.ClientUnaryCall;
  removeNic(argument: _xnet_v1_RemoveNicRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNicResponse__Output>): grpc.ClientUnaryCall;
  removeNic(argument: _xnet_v1_RemoveNicRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveNicResponse__Output>): grpc.ClientUnaryCall;
  removeNic(argument: _xnet_v1_RemoveNicRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNicResponse__Output>): grpc.ClientUnaryCall;
  removeNic(argument: _xnet_v1_RemoveNicRequest, callback: grpc.requestCallback<_xnet_v1_RemoveNicResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface NicServiceHandlers extends grpc.UntypedServiceImplementation {
  AddNic: grpc.handleUnaryCall<_xnet_v1_AddNicRequest__Output, _xnet_v1_AddNicResponse>;
  
  ListNics: grpc.handleUnaryCall<_xnet_v1_ListNicsRequest__Output, _xnet_v1_ListNicsResponse>;
  
  RemoveNic: grpc.handleUnaryCall<_xnet_v1_RemoveNicRequest__Output, _xnet_v1_RemoveNicResponse>;
  
}

export interface NicServiceDefinition extends grpc.ServiceDefinition {
  AddNic: MethodDefinition<_xnet_v1_AddNicRequest, _xnet_v1_AddNicResponse, _xnet_v1_AddNicRequest__Output, _xnet_v1_AddNicResponse__Output>
  ListNics: MethodDefinition<_xnet_v1_ListNicsRequest, _xnet_v1_ListNicsResponse, _xnet_v1_ListNicsRequest__Output, _xnet_v1_ListNicsResponse__Output>
  RemoveNic: MethodDefinition<_xnet_v1_RemoveNicRequest, _xnet_v1_RemoveNicResponse, _xnet_v1_RemoveNicRequest__Output, _xnet_v1_RemoveNicResponse__Output>
}
