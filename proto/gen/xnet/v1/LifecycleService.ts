// Original file: proto/xnet/v1/lifecycle.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Departure as _xnet_v1_Departure, Departure__Output as _xnet_v1_Departure__Output } from '../../xnet/v1/Departure.js';
import type { DrainNodeRequest as _xnet_v1_DrainNodeRequest, DrainNodeRequest__Output as _xnet_v1_DrainNodeRequest__Output } from '../../xnet/v1/DrainNodeRequest.js';
import type { DrainNodeResponse as _xnet_v1_DrainNodeResponse, DrainNodeResponse__Output as _xnet_v1_DrainNodeResponse__Output } from '../../xnet/v1/DrainNodeResponse.js';
import type { RenameNodeRequest as _xnet_v1_RenameNodeRequest, RenameNodeRequest__Output as _xnet_v1_RenameNodeRequest__Output } from '../../xnet/v1/RenameNodeRequest.js';
import type { RenameNodeResponse as _xnet_v1_RenameNodeResponse, RenameNodeResponse__Output as _xnet_v1_RenameNodeResponse__Output } from '../../xnet/v1/RenameNodeResponse.js';
import type { ReplaceNodeRequest as _xnet_v1_ReplaceNodeRequest, ReplaceNodeRequest__Output as _xnet_v1_ReplaceNodeRequest__Output } from '../../xnet/v1/ReplaceNodeRequest.js';
import type { ReplaceNodeResponse as _xnet_v1_ReplaceNodeResponse, ReplaceNodeResponse__Output as _xnet_v1_ReplaceNodeResponse__Output } from '../../xnet/v1/ReplaceNodeResponse.js';
import type { WatchDepartureRequest as _xnet_v1_WatchDepartureRequest, WatchDepartureRequest__Output as _xnet_v1_WatchDepartureRequest__Output } from '../../xnet/v1/WatchDepartureRequest.js';

export interface LifecycleServiceClient extends grpc.Client {
  DrainNode(argument: _xnet_v1_DrainNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_DrainNodeResponse__Output>): grpc.ClientUnaryCall;
  DrainNode(argument: _xnet_v1_DrainNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_DrainNodeResponse__Output>): grpc.ClientUnaryCall;
  DrainNode(argument: _xnet_v1_DrainNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_DrainNodeResponse__Output>): grpc.ClientUnaryCall;
  DrainNode(argument: _xnet_v1_DrainNodeRequest, callback: grpc.requestCallback<_xnet_v1_DrainNodeResponse__Output>): grpc.ClientUnaryCall;
  drainNode(argument: _xnet_v1_DrainNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_DrainNodeResponse__Output>): grpc.ClientUnaryCall;
  drainNode(argument: _xnet_v1_DrainNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_DrainNodeResponse__Output>): grpc.ClientUnaryCall;
  drainNode(argument: _xnet_v1_DrainNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_DrainNodeResponse__Output>): grpc.ClientUnaryCall;
  drainNode(argument: _xnet_v1_DrainNodeRequest, callback: grpc.requestCallback<_xnet_v1_DrainNodeResponse__Output>): grpc.ClientUnaryCall;
  
  RenameNode(argument: _xnet_v1_RenameNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  RenameNode(argument: _xnet_v1_RenameNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  RenameNode(argument: _xnet_v1_RenameNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  RenameNode(argument: _xnet_v1_RenameNodeRequest, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  renameNode(argument: _xnet_v1_RenameNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  renameNode(argument: _xnet_v1_RenameNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  renameNode(argument: _xnet_v1_RenameNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  renameNode(argument: _xnet_v1_RenameNodeRequest, callback: grpc.requestCallback<_xnet_v1_RenameNodeResponse__Output>): grpc.ClientUnaryCall;
  
  ReplaceNode(argument: _xnet_v1_ReplaceNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReplaceNodeResponse__Output>): grpc.ClientUnaryCall;
  ReplaceNode(argument: _xnet_v1_ReplaceNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReplaceNodeResponse__Output>): grpc.ClientUnaryCall;
  ReplaceNode(argument: _xnet_v1_ReplaceNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReplaceNodeResponse__Output>): grpc.ClientUnaryCall;
  ReplaceNode(argument: _xnet_v1_ReplaceNodeRequest, callback: grpc.requestCallback<_xnet_v1_ReplaceNodeResponse__Output>): grpc.ClientUnaryCall;
  replaceNode(argument: _xnet_v1_ReplaceNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReplaceNodeResponse__Output>): grpc.ClientUnaryCall;
  replaceNode(argument: _xnet_v1_ReplaceNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReplaceNodeResponse__Output>): grpc.ClientUnaryCall;
  replaceNode(argument: _xnet_v1_ReplaceNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReplaceNodeResponse__Output>): grpc.ClientUnaryCall;
  replaceNode(argument: _xnet_v1_ReplaceNodeRequest, callback: grpc.requestCallback<_xnet_v1_ReplaceNodeResponse__Output>): grpc.ClientUnaryCall;
  
  WatchDeparture(argument: _xnet_v1_WatchDepartureRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Departure__Output>;
  WatchDeparture(argument: _xnet_v1_WatchDepartureRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Departure__Output>;
  watchDeparture(argument: _xnet_v1_WatchDepartureRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Departure__Output>;
  watchDeparture(argument: _xnet_v1_WatchDepartureRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Departure__Output>;
  
}

export interface LifecycleServiceHandlers extends grpc.UntypedServiceImplementation {
  DrainNode: grpc.handleUnaryCall<_xnet_v1_DrainNodeRequest__Output, _xnet_v1_DrainNodeResponse>;
  
  RenameNode: grpc.handleUnaryCall<_xnet_v1_RenameNodeRequest__Output, _xnet_v1_RenameNodeResponse>;
  
  ReplaceNode: grpc.handleUnaryCall<_xnet_v1_ReplaceNodeRequest__Output, _xnet_v1_ReplaceNodeResponse>;
  
  WatchDeparture: grpc.handleServerStreamingCall<_xnet_v1_WatchDepartureRequest__Output, _xnet_v1_Departure>;
  
}

export interface LifecycleServiceDefinition extends grpc.ServiceDefinition {
  DrainNode: MethodDefinition<_xnet_v1_DrainNodeRequest, _xnet_v1_DrainNodeResponse, _xnet_v1_DrainNodeRequest__Output, _xnet_v1_DrainNodeResponse__Output>
  RenameNode: MethodDefinition<_xnet_v1_RenameNodeRequest, _xnet_v1_RenameNodeResponse, _xnet_v1_RenameNodeRequest__Output, _xnet_v1_RenameNodeResponse__Output>
  ReplaceNode: MethodDefinition<_xnet_v1_ReplaceNodeRequest, _xnet_v1_ReplaceNodeResponse, _xnet_v1_ReplaceNodeRequest__Output, _xnet_v1_ReplaceNodeResponse__Output>
  WatchDeparture: MethodDefinition<_xnet_v1_WatchDepartureRequest, _xnet_v1_Departure, _xnet_v1_WatchDepartureRequest__Output, _xnet_v1_Departure__Output>
}
