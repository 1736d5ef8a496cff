// Original file: proto/xnet/v1/rollout.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ControlRolloutRequest as _xnet_v1_ControlRolloutRequest, ControlRolloutRequest__Output as _xnet_v1_ControlRolloutRequest__Output } from '../../xnet/v1/ControlRolloutRequest.js';
import type { ControlRolloutResponse as _xnet_v1_ControlRolloutResponse, ControlRolloutResponse__Output as _xnet_v1_ControlRolloutResponse__Output } from '../../xnet/v1/ControlRolloutResponse.js';
import type { CreateRolloutRequest as _xnet_v1_CreateRolloutRequest, CreateRolloutRequest__Output as _xnet_v1_CreateRolloutRequest__Output } from '../../xnet/v1/CreateRolloutRequest.js';
import type { CreateRolloutResponse as _xnet_v1_CreateRolloutResponse, CreateRolloutResponse__Output as _xnet_v1_CreateRolloutResponse__Output } from '../../xnet/v1/CreateRolloutResponse.js';
import type { GetRolloutRequest as _xnet_v1_GetRolloutRequest, GetRolloutRequest__Output as _xnet_v1_GetRolloutRequest__Output } from '../../xnet/v1/GetRolloutRequest.js';
import type { GetRolloutResponse as _xnet_v1_GetRolloutResponse, GetRolloutResponse__Output as _xnet_v1_GetRolloutResponse__Output } from '../../xnet/v1/GetRolloutResponse.js';
import type { ListRolloutsRequest as _xnet_v1_ListRolloutsRequest, ListRolloutsRequest__Output as _xnet_v1_ListRolloutsRequest__Output } from '../../xnet/v1/ListRolloutsRequest.js';
import type { ListRolloutsResponse as _xnet_v1_ListRolloutsResponse, ListRolloutsResponse__Output as _xnet_v1_ListRolloutsResponse__Output } from '../../xnet/v1/ListRolloutsResponse.js';

export interface RolloutServiceClient extends grpc.Client {
  ControlRollout(argument: _xnet_v1_ControlRolloutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ControlRolloutResponse__Output>): grpc.ClientUnaryCall;
  ControlRollout(argument: _xnet_v1_ControlRolloutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ControlRolloutResponse__Output>): grpc.ClientUnaryCall;
  ControlRollout(argument: _xnet_v1_ControlRolloutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ControlRolloutResponse__Output>): grpc.ClientUnaryCall;
  ControlRollout(argument: _xnet_v1_ControlRolloutRequest, callback: grpc.requestCallback<_xnet_v1_ControlRolloutResponse__Output>): grpc.ClientUnaryCall;
  controlRollout(argument: _xnet_v1_ControlRolloutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ControlRolloutResponse__Output>): grpc.ClientUnaryCall;
  controlRollout(argument: _xnet_v1_ControlRolloutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ControlRolloutResponse__Output>): grpc.ClientUnaryCall;
  controlRollout(argument: _xnet_v1_ControlRolloutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ControlRolloutResponse__Output>): grpc.ClientUnaryCall;
  controlRollout(argument: _xnet_v1_ControlRolloutRequest, callback: grpc.requestCallback<_xnet_v1_ControlRolloutResponse__Output>): grpc.ClientUnaryCall;
  
  CreateRollout(argument: _xnet_v1_CreateRolloutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateRolloutResponse__Output>): grpc.ClientUnaryCall;
  CreateRollout(argument: _xnet_v1_CreateRolloutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CreateRolloutResponse__Output>): grpc.ClientUnaryCall;
  CreateRollout(argument: _xnet_v1_CreateRolloutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateRolloutResponse__Output>): grpc.ClientUnaryCall;
  CreateRollout(argument: _xnet_v1_CreateRolloutRequest, callback: grpc.requestCallback<_xnet_v1_CreateRolloutResponse__Output>): grpc.ClientUnaryCall;
  createRollout(argument: _xnet_v1_CreateRolloutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateRolloutResponse__Output>): grpc.ClientUnaryCall;
  createRollout(argument: _xnet_v1_CreateRolloutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CreateRolloutResponse__Output>): grpc.ClientUnaryCall;
  createRollout(argument: _xnet_v1_CreateRolloutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateRolloutResponse__Output>): grpc.ClientUnaryCall;
  createRollout(argument: _xnet_v1_CreateRolloutRequest, callback: grpc.requestCallback<_xnet_v1_CreateRolloutResponse__Output>): grpc.ClientUnaryCall;
  
  GetRollout(argument: _xnet_v1_GetRolloutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetRolloutResponse__Output>): grpc.ClientUnaryCall;
  GetRollout(argument: _xnet_v1_GetRolloutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetRolloutResponse__Output>): grpc.ClientUnaryCall;
  GetRollout(argument: _xnet_v1_GetRolloutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetRolloutResponse__Output>): grpc.ClientUnaryCall;
  GetRollout(argument: _xnet_v1_GetRolloutRequest, callback: grpc.requestCallback<_xnet_v1_GetRolloutResponse__Output>): grpc.ClientUnaryCall;
  getRollout(argument: _xnet_v1_GetRolloutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetRolloutResponse__Output>): grpc.ClientUnaryCall;
  getRollout(argument: _xnet_v1_GetRolloutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetRolloutResponse__Output>): grpc.ClientUnaryCall;
  getRollout(argument: _xnet_v1_GetRolloutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetRolloutResponse__Output>): grpc.ClientUnaryCall;
  getRollout(argument: _xnet_v1_GetRolloutRequest, callback: grpc.requestCallback<_xnet_v1_GetRolloutResponse__Output>): grpc.ClientUnaryCall;
  
  ListRollouts(argument: _xnet_v1_ListRolloutsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListRolloutsResponse__Output>): grpc.ClientUnaryCall;
  ListRollouts(argument: _xnet_v1_ListRolloutsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListRolloutsResponse__Output>): grpc.ClientUnaryCall;
  ListRollouts(argument: _xnet_v1_ListRolloutsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListRolloutsResponse__Output>): grpc.ClientUnaryCall;
  ListRollouts(argument: _xnet_v1_ListRolloutsRequest, callback: grpc.requestCallback<_xnet_v1_ListRolloutsResponse__Output>): grpc.ClientUnaryCall;
  listRollouts(argument: _xnet_v1_ListRolloutsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListRolloutsResponse__Output>): grpc.ClientUnaryCall;
  listRollouts(argument: _xnet_v1_ListRolloutsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListRolloutsResponse__Output>): grpc.ClientUnaryCall;
  listRollouts(argument: _xnet_v1_ListRolloutsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListRolloutsResponse__Output>): grpc.ClientUnaryCall;
  listRollouts(argument: _xnet_v1_ListRolloutsRequest, callback: grpc.requestCallback<_xnet_v1_ListRolloutsResponse__Output>): grpc.ClientUnaryCall;
  
  WatchRollout(argument: _xnet_v1_GetRolloutRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_GetRolloutResponse__Output>;
  WatchRollout(argument: _xnet_v1_GetRolloutRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_GetRolloutResponse__Output>;
  watchRollout(argument: _xnet_v1_GetRolloutRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_GetRolloutResponse__Output>;
  watchRollout(argument: _xnet_v1_GetRolloutRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_GetRolloutResponse__Output>;
  
}

export interface RolloutServiceHandlers extends grpc.UntypedServiceImplementation {
  ControlRollout: grpc.handleUnaryCall<_xnet_v1_ControlRolloutRequest__Output, _xnet_v1_ControlRolloutResponse>;
  
  CreateRollout: grpc.handleUnaryCall<_xnet_v1_CreateRolloutRequest__Output, _xnet_v1_CreateRolloutResponse>;
  
  GetRollout: grpc.handleUnaryCall<_xnet_v1_GetRolloutRequest__Output, _xnet_v1_GetRolloutResponse>;
  
  ListRollouts: grpc.handleUnaryCall<_xnet_v1_ListRolloutsRequest__Output, _xnet_v1_ListRolloutsResponse>;
  
  WatchRollout: grpc.handleServerStreamingCall<_xnet_v1_GetRolloutRequest__Output, _xnet_v1_GetRolloutResponse>;
  
}

export interface RolloutServiceDefinition extends grpc.ServiceDefinition {
  ControlRollout: MethodDefinition<_xnet_v1_ControlRolloutRequest, _xnet_v1_ControlRolloutResponse, _xnet_v1_ControlRolloutRequest__Output, _xnet_v1_ControlRolloutResponse__Output>
  CreateRollout: MethodDefinition<_xnet_v1_CreateRolloutRequest, _xnet_v1_CreateRolloutResponse, _xnet_v1_CreateRolloutRequest__Output, _xnet_v1_CreateRolloutResponse__Output>
  GetRollout: MethodDefinition<_xnet_v1_GetRolloutRequest, _xnet_v1_GetRolloutResponse, _xnet_v1_GetRolloutRequest__Output, _xnet_v1_GetRolloutResponse__Output>
  ListRollouts: MethodDefinition<_xnet_v1_ListRolloutsRequest, _xnet_v1_ListRolloutsResponse, _xnet_v1_ListRolloutsRequest__Output, _xnet_v1_ListRolloutsResponse__Output>
  WatchRollout: MethodDefinition<_xnet_v1_GetRolloutRequest, _xnet_v1_GetRolloutResponse, _xnet_v1_GetRolloutRequest__Output, _xnet_v1_GetRolloutResponse__Output>
}
