// Original file: proto/xnet/v1/lease.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddLeaseRequest as _xnet_v1_AddLeaseRequest, AddLeaseRequest__Output as _xnet_v1_AddLeaseRequest__Output } from '../../xnet/v1/AddLeaseRequest.js';
import type { AddLeaseResponse as _xnet_v1_AddLeaseResponse, AddLeaseResponse__Output as _xnet_v1_AddLeaseResponse__Output } from '../../xnet/v1/AddLeaseResponse.js';
import type { EndLeaseRequest as _xnet_v1_EndLeaseRequest, EndLeaseRequest__Output as _xnet_v1_EndLeaseRequest__Output } from '../../xnet/v1/EndLeaseRequest.js';
import type { EndLeaseResponse as _xnet_v1_EndLeaseResponse, EndLeaseResponse__Output as _xnet_v1_EndLeaseResponse__Output } from '../../xnet/v1/EndLeaseResponse.js';

export interface LeaseServiceClient extends grpc.Client {
  AddLease(argument: _xnet_v1_AddLeaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddLeaseResponse__Output>): grpc.ClientUnaryCall;
  AddLease(argument: _xnet_v1_AddLeaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AddLeaseResponse__Output>): grpc.ClientUnaryCall;
  AddLease(argument: _xnet_v1_AddLeaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddLeaseResponse__Output>): grpc.ClientUnaryCall;
  AddLease(argument: _xnet_v1_AddLeaseRequest, callback: grpc.requestCallback<_xnet_v1_AddLeaseResponse__Output>): grpc.ClientUnaryCall;
  addLease(argument: _xnet_v1_AddLeaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddLeaseResponse__Output>): grpc.ClientUnaryCall;
  addLease(argument: _xnet_v1_AddLeaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AddLeaseResponse__Output>): grpc.ClientUnaryCall;
  addLease(argument: _xnet_v1_AddLeaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddLeaseResponse__Output>): grpc.ClientUnaryCall;
  addLease(argument: _xnet_v1_AddLeaseRequest, callback: grpc.requestCallback<_xnet_v1_AddLeaseResponse__Output>): grpc.ClientUnaryCall;
  
  EndLease(argument: _xnet_v1_EndLeaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_EndLeaseResponse__Output>): grpc.ClientUnaryCall;
  EndLease(argument: _xnet_v1_EndLeaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_EndLeaseResponse__Output>): grpc.ClientUnaryCall;
  EndLease(argument: _xnet_v1_EndLeaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_EndLeaseResponse__Output>): grpc.ClientUnaryCall;
  EndLease(argument: _xnet_v1_EndLeaseRequest, callback: grpc.requestCallback<_xnet_v1_EndLeaseResponse__Output>): grpc.ClientUnaryCall;
  endLease(argument: _xnet_v1_EndLeaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_EndLeaseResponse__Output>): grpc.ClientUnaryCall;
  endLease(argument: _xnet_v1_EndLeaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_EndLeaseResponse__Output>): grpc.ClientUnaryCall;
  endLease(argument: _xnet_v1_EndLeaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_EndLeaseResponse__Output>): grpc.ClientUnaryCall;
  endLease(argument: _xnet_v1_EndLeaseRequest, callback: grpc.requestCallback<_xnet_v1_EndLeaseResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface LeaseServiceHandlers extends grpc.UntypedServiceImplementation {
  AddLease: grpc.handleUnaryCall<_xnet_v1_AddLeaseRequest__Output, _xnet_v1_AddLeaseResponse>;
  
  EndLease: grpc.handleUnaryCall<_xnet_v1_EndLeaseRequest__Output, _xnet_v1_EndLeaseResponse>;
  
}

export interface LeaseServiceDefinition extends grpc.ServiceDefinition {
  AddLease: MethodDefinition<_xnet_v1_AddLeaseRequest, _xnet_v1_AddLeaseResponse, _xnet_v1_AddLeaseRequest__Output, _xnet_v1_AddLeaseResponse__Output>
  EndLease: MethodDefinition<_xnet_v1_EndLeaseRequest, _xnet_v1_EndLeaseResponse, _xnet_v1_EndLeaseRequest__Output, _xnet_v1_EndLeaseResponse__Output>
}
