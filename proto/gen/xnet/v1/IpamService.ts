// Original file: proto/xnet/v1/ipam.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckIpamRequest as _xnet_v1_CheckIpamRequest, CheckIpamRequest__Output as _xnet_v1_CheckIpamRequest__Output } from '../../xnet/v1/CheckIpamRequest.js';
import type { CheckIpamResponse as _xnet_v1_CheckIpamResponse, CheckIpamResponse__Output as _xnet_v1_CheckIpamResponse__Output } from '../../xnet/v1/CheckIpamResponse.js';
import type { ReleaseFindingRequest as _xnet_v1_ReleaseFindingRequest, ReleaseFindingRequest__Output as _xnet_v1_ReleaseFindingRequest__Output } from '../../xnet/v1/ReleaseFindingRequest.js';
import type { ReleaseFindingResponse as _xnet_v1_ReleaseFindingResponse, ReleaseFindingResponse__Output as _xnet_v1_ReleaseFindingResponse__Output } from '../../xnet/v1/ReleaseFindingResponse.js';
import type { ResizePoolRequest as _xnet_v1_ResizePoolRequest, ResizePoolRequest__Output as _xnet_v1_ResizePoolRequest__Output } from '../../xnet/v1/ResizePoolRequest.js';
import type { ResizePoolResponse as _xnet_v1_ResizePoolResponse, ResizePoolResponse__Output as _xnet_v1_ResizePoolResponse__Output } from '../../xnet/v1/ResizePoolResponse.js';
import type { SetPoolRequest as _xnet_v1_SetPoolRequest, SetPoolRequest__Output as _xnet_v1_SetPoolRequest__Output } from '../../xnet/v1/SetPoolRequest.js';
import type { SetPoolResponse as _xnet_v1_SetPoolResponse, SetPoolResponse__Output as _xnet_v1_SetPoolResponse__Output } from '../../xnet/v1/SetPoolResponse.js';

export interface IpamServiceClient extends grpc.Client {
  CheckIpam(argument: _xnet_v1_CheckIpamRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CheckIpamResponse__Output>): grpc.ClientUnaryCall;
  CheckIpam(argument: _xnet_v1_CheckIpamRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CheckIpamResponse__Output>): grpc.ClientUnaryCall;
  CheckIpam(argument: _xnet_v1_CheckIpamRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CheckIpamResponse__Output>): grpc.ClientUnaryCall;
  CheckIpam(argument: _xnet_v1_CheckIpamRequest, callback: grpc.requestCallback<_xnet_v1_CheckIpamResponse__Output>): grpc.ClientUnaryCall;
  checkIpam(argument: _xnet_v1_CheckIpamRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CheckIpamResponse__Output>): grpc.ClientUnaryCall;
  checkIpam(argument: _xnet_v1_CheckIpamRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CheckIpamResponse__Output>): grpc.ClientUnaryCall;
  checkIpam(argument: _xnet_v1_CheckIpamRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CheckIpamResponse__Output>): grpc.ClientUnaryCall;
  checkIpam(argument: _xnet_v1_CheckIpamRequest, callback: grpc.requestCallback<_xnet_v1_CheckIpamResponse__Output>): grpc.ClientUnaryCall;
  
  ReleaseFinding(argument: _xnet_v1_ReleaseFindingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReleaseFindingResponse__Output>): grpc.ClientUnaryCall;
  ReleaseFinding(argument: _xnet_v1_ReleaseFindingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReleaseFindingResponse__Output>): grpc.ClientUnaryCall;
  ReleaseFinding(argument: _xnet_v1_ReleaseFindingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReleaseFindingResponse__Output>): grpc.ClientUnaryCall;
  ReleaseFinding(argument: _xnet_v1_ReleaseFindingRequest, callback: grpc.requestCallback<_xnet_v1_ReleaseFindingResponse__Output>): grpc.ClientUnaryCall;
  releaseFinding(argument: _xnet_v1_ReleaseFindingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReleaseFindingResponse__Output>): grpc.ClientUnaryCall;
  releaseFinding(argument: _xnet_v1_ReleaseFindingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReleaseFindingResponse__Output>): grpc.ClientUnaryCall;
  releaseFinding(argument: _xnet_v1_ReleaseFindingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReleaseFindingResponse__Output>): grpc.ClientUnaryCall;
  releaseFinding(argument: _xnet_v1_ReleaseFindingRequest, callback: grpc.requestCallback<_xnet_v1_ReleaseFindingResponse__Output>): grpc.ClientUnaryCall;
  
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
  CheckIpam: grpc.handleUnaryCall<_xnet_v1_CheckIpamRequest__Output, _xnet_v1_CheckIpamResponse>;
  
  ReleaseFinding: grpc.handleUnaryCall<_xnet_v1_ReleaseFindingRequest__Output, _xnet_v1_ReleaseFindingResponse>;
  
  ResizePool: grpc.handleUnaryCall<_xnet_v1_ResizePoolRequest__Output, _xnet_v1_ResizePoolResponse>;
  
  SetPool: grpc.handleUnaryCall<_xnet_v1_SetPoolRequest__Output, _xnet_v1_SetPoolResponse>;
  
}

export interface IpamServiceDefinition extends grpc.ServiceDefinition {
  CheckIpam: MethodDefinition<_xnet_v1_CheckIpamRequest, _xnet_v1_CheckIpamResponse, _xnet_v1_CheckIpamRequest__Output, _xnet_v1_CheckIpamResponse__Output>
  ReleaseFinding: MethodDefinition<_xnet_v1_ReleaseFindingRequest, _xnet_v1_ReleaseFindingResponse, _xnet_v1_ReleaseFindingRequest__Output, _xnet_v1_ReleaseFindingResponse__Output>
  ResizePool: MethodDefinition<_xnet_v1_ResizePoolRequest, _xnet_v1_ResizePoolResponse, _xnet_v1_ResizePoolRequest__Output, _xnet_v1_ResizePoolResponse__Output>
  SetPool: MethodDefinition<_xnet_v1_SetPoolRequest, _xnet_v1_SetPoolResponse, _xnet_v1_SetPoolRequest__Output, _xnet_v1_SetPoolResponse__Output>
}
