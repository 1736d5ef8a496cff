// Original file: proto/xnet/v1/join.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { JoinRequest as _xnet_v1_JoinRequest, JoinRequest__Output as _xnet_v1_JoinRequest__Output } from '../../xnet/v1/JoinRequest.js';
import type { JoinResponse as _xnet_v1_JoinResponse, JoinResponse__Output as _xnet_v1_JoinResponse__Output } from '../../xnet/v1/JoinResponse.js';
import type { PreviewJoinResponse as _xnet_v1_PreviewJoinResponse, PreviewJoinResponse__Output as _xnet_v1_PreviewJoinResponse__Output } from '../../xnet/v1/PreviewJoinResponse.js';

export interface JoinServiceClient extends grpc.Client {
  Join(argument: _xnet_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_JoinResponse__Output>): grpc.ClientUnaryCall;
  Join(argument: _xnet_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_JoinResponse__Output>): grpc.ClientUnaryCall;
  Join(argument: _xnet_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_JoinResponse__Output>): grpc.ClientUnaryCall;
  Join(argument: _xnet_v1_JoinRequest, callback: grpc.requestCallback<_xnet_v1_JoinResponse__Output>): grpc.ClientUnaryCall;
  join(argument: _xnet_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_JoinResponse__Output>): grpc.ClientUnaryCall;
  join(argument: _xnet_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_JoinResponse__Output>): grpc.ClientUnaryCall;
  join(argument: _xnet_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_JoinResponse__Output>): grpc.ClientUnaryCall;
  join(argument: _xnet_v1_JoinRequest, callback: grpc.requestCallback<_xnet_v1_JoinResponse__Output>): grpc.ClientUnaryCall;
  
  PreviewJoin(argument: _xnet_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_PreviewJoinResponse__Output>): grpc.ClientUnaryCall;
  PreviewJoin(argument: _xnet_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_PreviewJoinResponse__Output>): grpc.ClientUnaryCall;
  PreviewJoin(argument: _xnet_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_PreviewJoinResponse__Output>): grpc.ClientUnaryCall;
  PreviewJoin(argument: _xnet_v1_JoinRequest, callback: grpc.requestCallback<_xnet_v1_PreviewJoinResponse__Output>): grpc.ClientUnaryCall;
  previewJoin(argument: _xnet_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_PreviewJoinResponse__Output>): grpc.ClientUnaryCall;
  previewJoin(argument: _xnet_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_PreviewJoinResponse__Output>): grpc.ClientUnaryCall;
  previewJoin(argument: _xnet_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_PreviewJoinResponse__Output>): grpc.ClientUnaryCall;
  previewJoin(argument: _xnet_v1_JoinRequest, callback: grpc.requestCallback<_xnet_v1_PreviewJoinResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface JoinServiceHandlers extends grpc.UntypedServiceImplementation {
  Join: grpc.handleUnaryCall<_xnet_v1_JoinRequest__Output, _xnet_v1_JoinResponse>;
  
  PreviewJoin: grpc.handleUnaryCall<_xnet_v1_JoinRequest__Output, _xnet_v1_PreviewJoinResponse>;
  
}

export interface JoinServiceDefinition extends grpc.ServiceDefinition {
  Join: MethodDefinition<_xnet_v1_JoinRequest, _xnet_v1_JoinResponse, _xnet_v1_JoinRequest__Output, _xnet_v1_JoinResponse__Output>
  PreviewJoin: MethodDefinition<_xnet_v1_JoinRequest, _xnet_v1_PreviewJoinResponse, _xnet_v1_JoinRequest__Output, _xnet_v1_PreviewJoinResponse__Output>
}
