// Original file: proto/xnet/v1/diagnosis.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { FindPathEndRequest as _xnet_v1_FindPathEndRequest, FindPathEndRequest__Output as _xnet_v1_FindPathEndRequest__Output } from '../../xnet/v1/FindPathEndRequest.js';
import type { FindPathEndResponse as _xnet_v1_FindPathEndResponse, FindPathEndResponse__Output as _xnet_v1_FindPathEndResponse__Output } from '../../xnet/v1/FindPathEndResponse.js';
import type { LookAtNodeRequest as _xnet_v1_LookAtNodeRequest, LookAtNodeRequest__Output as _xnet_v1_LookAtNodeRequest__Output } from '../../xnet/v1/LookAtNodeRequest.js';
import type { LookAtNodeResponse as _xnet_v1_LookAtNodeResponse, LookAtNodeResponse__Output as _xnet_v1_LookAtNodeResponse__Output } from '../../xnet/v1/LookAtNodeResponse.js';

export interface DiagnosisServiceClient extends grpc.Client {
  FindPathEnd(argument: _xnet_v1_FindPathEndRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FindPathEndResponse__Output>): grpc.ClientUnaryCall;
  FindPathEnd(argument: _xnet_v1_FindPathEndRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_FindPathEndResponse__Output>): grpc.ClientUnaryCall;
  FindPathEnd(argument: _xnet_v1_FindPathEndRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FindPathEndResponse__Output>): grpc.ClientUnaryCall;
  FindPathEnd(argument: _xnet_v1_FindPathEndRequest, callback: grpc.requestCallback<_xnet_v1_FindPathEndResponse__Output>): grpc.ClientUnaryCall;
  findPathEnd(argument: _xnet_v1_FindPathEndRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FindPathEndResponse__Output>): grpc.ClientUnaryCall;
  findPathEnd(argument: _xnet_v1_FindPathEndRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_FindPathEndResponse__Output>): grpc.ClientUnaryCall;
  findPathEnd(argument: _xnet_v1_FindPathEndRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FindPathEndResponse__Output>): grpc.ClientUnaryCall;
  findPathEnd(argument: _xnet_v1_FindPathEndRequest, callback: grpc.requestCallback<_xnet_v1_FindPathEndResponse__Output>): grpc.ClientUnaryCall;
  
  LookAtNode(argument: _xnet_v1_LookAtNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_LookAtNodeResponse__Output>): grpc.ClientUnaryCall;
  LookAtNode(argument: _xnet_v1_LookAtNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_LookAtNodeResponse__Output>): grpc.ClientUnaryCall;
  LookAtNode(argument: _xnet_v1_LookAtNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_LookAtNodeResponse__Output>): grpc.ClientUnaryCall;
  LookAtNode(argument: _xnet_v1_LookAtNodeRequest, callback: grpc.requestCallback<_xnet_v1_LookAtNodeResponse__Output>): grpc.ClientUnaryCall;
  lookAtNode(argument: _xnet_v1_LookAtNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_LookAtNodeResponse__Output>): grpc.ClientUnaryCall;
  lookAtNode(argument: _xnet_v1_LookAtNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_LookAtNodeResponse__Output>): grpc.ClientUnaryCall;
  lookAtNode(argument: _xnet_v1_LookAtNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_LookAtNodeResponse__Output>): grpc.ClientUnaryCall;
  lookAtNode(argument: _xnet_v1_LookAtNodeRequest, callback: grpc.requestCallback<_xnet_v1_LookAtNodeResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface DiagnosisServiceHandlers extends grpc.UntypedServiceImplementation {
  FindPathEnd: grpc.handleUnaryCall<_xnet_v1_FindPathEndRequest__Output, _xnet_v1_FindPathEndResponse>;
  
  LookAtNode: grpc.handleUnaryCall<_xnet_v1_LookAtNodeRequest__Output, _xnet_v1_LookAtNodeResponse>;
  
}

export interface DiagnosisServiceDefinition extends grpc.ServiceDefinition {
  FindPathEnd: MethodDefinition<_xnet_v1_FindPathEndRequest, _xnet_v1_FindPathEndResponse, _xnet_v1_FindPathEndRequest__Output, _xnet_v1_FindPathEndResponse__Output>
  LookAtNode: MethodDefinition<_xnet_v1_LookAtNodeRequest, _xnet_v1_LookAtNodeResponse, _xnet_v1_LookAtNodeRequest__Output, _xnet_v1_LookAtNodeResponse__Output>
}
