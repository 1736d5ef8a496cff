// Original file: proto/xnet/v1/local.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { LocalLeaveProgress as _xnet_v1_LocalLeaveProgress, LocalLeaveProgress__Output as _xnet_v1_LocalLeaveProgress__Output } from '../../xnet/v1/LocalLeaveProgress.js';
import type { LocalLeaveRequest as _xnet_v1_LocalLeaveRequest, LocalLeaveRequest__Output as _xnet_v1_LocalLeaveRequest__Output } from '../../xnet/v1/LocalLeaveRequest.js';

export interface LocalServiceClient extends grpc.Client {
  Leave(argument: _xnet_v1_LocalLeaveRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_LocalLeaveProgress__Output>;
  Leave(argument: _xnet_v1_LocalLeaveRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_LocalLeaveProgress__Output>;
  leave(argument: _xnet_v1_LocalLeaveRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_LocalLeaveProgress__Output>;
  leave(argument: _xnet_v1_LocalLeaveRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_LocalLeaveProgress__Output>;
  
}

export interface LocalServiceHandlers extends grpc.UntypedServiceImplementation {
  Leave: grpc.handleServerStreamingCall<_xnet_v1_LocalLeaveRequest__Output, _xnet_v1_LocalLeaveProgress>;
  
}

export interface LocalServiceDefinition extends grpc.ServiceDefinition {
  Leave: MethodDefinition<_xnet_v1_LocalLeaveRequest, _xnet_v1_LocalLeaveProgress, _xnet_v1_LocalLeaveRequest__Output, _xnet_v1_LocalLeaveProgress__Output>
}
