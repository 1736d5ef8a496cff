// Original file: proto/xnet/v1/diagnosis.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AnswerLookRequest as _xnet_v1_AnswerLookRequest, AnswerLookRequest__Output as _xnet_v1_AnswerLookRequest__Output } from '../../xnet/v1/AnswerLookRequest.js';
import type { AnswerLookResponse as _xnet_v1_AnswerLookResponse, AnswerLookResponse__Output as _xnet_v1_AnswerLookResponse__Output } from '../../xnet/v1/AnswerLookResponse.js';

export interface LookServiceClient extends grpc.Client {
  AnswerLook(argument: _xnet_v1_AnswerLookRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AnswerLookResponse__Output>): grpc.ClientUnaryCall;
  AnswerLook(argument: _xnet_v1_AnswerLookRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AnswerLookResponse__Output>): grpc.ClientUnaryCall;
  AnswerLook(argument: _xnet_v1_AnswerLookRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AnswerLookResponse__Output>): grpc.ClientUnaryCall;
  AnswerLook(argument: _xnet_v1_AnswerLookRequest, callback: grpc.requestCallback<_xnet_v1_AnswerLookResponse__Output>): grpc.ClientUnaryCall;
  answerLook(argument: _xnet_v1_AnswerLookRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AnswerLookResponse__Output>): grpc.ClientUnaryCall;
  answerLook(argument: _xnet_v1_AnswerLookRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AnswerLookResponse__Output>): grpc.ClientUnaryCall;
  answerLook(argument: _xnet_v1_AnswerLookRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AnswerLookResponse__Output>): grpc.ClientUnaryCall;
  answerLook(argument: _xnet_v1_AnswerLookRequest, callback: grpc.requestCallback<_xnet_v1_AnswerLookResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface LookServiceHandlers extends grpc.UntypedServiceImplementation {
  AnswerLook: grpc.handleUnaryCall<_xnet_v1_AnswerLookRequest__Output, _xnet_v1_AnswerLookResponse>;
  
}

export interface LookServiceDefinition extends grpc.ServiceDefinition {
  AnswerLook: MethodDefinition<_xnet_v1_AnswerLookRequest, _xnet_v1_AnswerLookResponse, _xnet_v1_AnswerLookRequest__Output, _xnet_v1_AnswerLookResponse__Output>
}
