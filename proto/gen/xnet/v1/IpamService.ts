// Original file: proto/xnet/v1/ipam.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ResizePoolRequest as _xnet_v1_ResizePoolRequest, ResizePoolRequest__Output as _xnet_v1_ResizePoolRequest__Output } from '../../xnet/v1/ResizePoolRequest.js';
import type { ResizePoolResponse as _xnet_v1_ResizePoolResponse, ResizePoolResponse__Output as _xnet_v1_ResizePoolResponse__Output } from '../../xnet/v1/ResizePoolResponse.js';
import type { SetPoolRequest as _xnet_v1_SetPoolRequest, SetPoolRequest__Output as _xnet_v1_SetPoolRequest__Output } from '../../xnet/v1/SetPoolRequest.js';
import type { SetPoolResponse as _xnet_v1_SetPoolResponse, SetPoolResponse__Output as _xnet_v1_SetPoolResponse__Output } from '../../xnet/v1/SetPoolResponse.js';

export interface IpamServiceClient extends grpc.Client {
  ResizePool(argument: _xnet_v1_ResizePoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ResizePoolResponse__Output>): grpc.ClientUnaryCall;
  ResizePool(argument: _xnet_v1_ResizePoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ResizePoolResponse__Output>): grpc.ClientUnaryCall;
  ResizePool(argument: _xnet_v1_ResizePoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ResizePoolResponse__Output>): grpc.ClientUnaryCall;
  ResizePool(argument: _xnet_v1_ResizePoolRequest, callback: grpc.requestCallback<_xnet_v1_ResizePoolResponse__Output>): grpc.ClientUnaryCall;
  resizePool(argument: _xnet_v1_ResizePoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ResizePoolResponse__Output>): grpc.ClientUnaryCall;
  resizePool(argument: _xnet_v1_ResizePoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ResizePoolResponse__Output>): grpc.ClientUnaryCall;
  resizePool(argument: _xnet_v1_ResizePoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ResizePoolResponse__Output>): grpc.ClientUnaryCall;
  resizePool(argument: _xnet_v1_ResizePoolRequest, callback: grpc.requestCallback<_xnet_v1_ResizePoolResponse__Output>): grpc.ClientUnaryCall;
  
  SetPool(argument: _xnet_v1_SetPoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_SetPoolResponse__Output>): grpc.ClientUnaryCall;
  SetPool(argument: _xnet_v1_SetPoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_SetPoolResponse__Output>): grpc.ClientUnaryCall;
  SetPool(argument: _xnet_v1_SetPoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_SetPoolResponse__Output>): grpc.ClientUnaryCall;
  SetPool(argument: _xnet_v1_SetPoolRequest, callback: grpc.requestCallback<_xnet_v1_SetPoolResponse__Output>): grpc.ClientUnaryCall;
  setPool(argument: _xnet_v1_SetPoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_SetPoolResponse__Output>): grpc.ClientUnaryCall;
  setPool(argument: _xnet_v1_SetPoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_SetPoolResponse__Output>): grpc.ClientUnaryCall;
  setPool(argument: _xnet_v1_SetPoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_SetPoolResponse__Output>): grpc.ClientUnaryCall;
  setPool(argument: _xnet_v1_SetPoolRequest, callback: grpc.requestCallback<_xnet_v1_SetPoolResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface IpamServiceHandlers extends grpc.UntypedServiceImplementation {
  ResizePool: grpc.handleUnaryCall<_xnet_v1_ResizePoolRequest__Output, _xnet_v1_ResizePoolResponse>;
  
  SetPool: grpc.handleUnaryCall<_xnet_v1_SetPoolRequest__Output, _xnet_v1_SetPoolResponse>;
  
}

export interface IpamServiceDefinition extends grpc.ServiceDefinition {
  ResizePool: MethodDefinition<_xnet_v1_ResizePoolRequest, _xnet_v1_ResizePoolResponse, _xnet_v1_ResizePoolRequest__Output, _xnet_v1_ResizePoolResponse__Output>
  SetPool: MethodDefinition<_xnet_v1_SetPoolRequest, _xnet_v1_SetPoolResponse, _xnet_v1_SetPoolRequest__Output, _xnet_v1_SetPoolResponse__Output>
}
