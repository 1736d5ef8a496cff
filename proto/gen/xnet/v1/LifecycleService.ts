// Original file: proto/xnet/v1/lifecycle.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { RenameNodeRequest as _xnet_v1_RenameNodeRequest, RenameNodeRequest__Output as _xnet_v1_RenameNodeRequest__Output } from '../../xnet/v1/RenameNodeRequest.js';
import type { RenameNodeResponse as _xnet_v1_RenameNodeResponse, RenameNodeResponse__Output as _xnet_v1_RenameNodeResponse__Output } from '../../xnet/v1/RenameNodeResponse.js';

export interface LifecycleServiceClient extends grpc.Client {
  RenameNode(argument: _xnet_v1_RenameNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  RenameNode(argument: _xnet_v1_RenameNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  RenameNode(argument: _xnet_v1_RenameNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  RenameNode(argument: _xnet_v1_RenameNodeRequest, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  renameNode(argument: _xnet_v1_RenameNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  renameNode(argument: _xnet_v1_RenameNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  renameNode(argument: _xnet_v1_RenameNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  renameNode(argument: _xnet_v1_RenameNodeRequest, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface LifecycleServiceHandlers extends grpc.UntypedServiceImplementation {
  RenameNode: grpc.handleUnaryCall<_xnet_v1_RenameNodeRequest__Output, _xnet_v1_RenameNodeResponse>;
  
}

export interface LifecycleServiceDefinition extends grpc.ServiceDefinition {
  RenameNode: MethodDefinition<_xnet_v1_RenameNodeRequest, _xnet_v1_RenameNodeResponse, _xnet_v1_RenameNodeRequest__Output, _xnet_v1_RenameNodeResponse__Output>
}
