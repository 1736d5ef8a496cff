// Original file: proto/xnet/v1/node.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { LeaveRequest as _xnet_v1_LeaveRequest, LeaveRequest__Output as _xnet_v1_LeaveRequest__Output } from '../../xnet/v1/LeaveRequest.js';
import type { LeaveResponse as _xnet_v1_LeaveResponse, LeaveResponse__Output as _xnet_v1_LeaveResponse__Output } from '../../xnet/v1/LeaveResponse.js';
import type { RenewCertificateRequest as _xnet_v1_RenewCertificateRequest, RenewCertificateRequest__Output as _xnet_v1_RenewCertificateRequest__Output } from '../../xnet/v1/RenewCertificateRequest.js';
import type { RenewCertificateResponse as _xnet_v1_RenewCertificateResponse, RenewCertificateResponse__Output as _xnet_v1_RenewCertificateResponse__Output } from '../../xnet/v1/RenewCertificateResponse.js';
import type { ReportRequest as _xnet_v1_ReportRequest, ReportRequest__Output as _xnet_v1_ReportRequest__Output } from '../../xnet/v1/ReportRequest.js';
import type { ReportResponse as _xnet_v1_ReportResponse, ReportResponse__Output as _xnet_v1_ReportResponse__Output } from '../../xnet/v1/ReportResponse.js';
import type { WatchRequest as _xnet_v1_WatchRequest, WatchRequest__Output as _xnet_v1_WatchRequest__Output } from '../../xnet/v1/WatchRequest.js';
import type { WatchResponse as _xnet_v1_WatchResponse, WatchResponse__Output as _xnet_v1_WatchResponse__Output } from '../../xnet/v1/WatchResponse.js';

export interface NodeServiceClient extends grpc.Client {
  Leave(argument: _xnet_v1_LeaveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_LeaveResponse__Output>): grpc.ClientUnaryCall;
  Leave(argument: _xnet_v1_LeaveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_LeaveResponse__Output>): grpc.ClientUnaryCall;
  Leave(argument: _xnet_v1_LeaveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_LeaveResponse__Output>): grpc.ClientUnaryCall;
  Leave(argument: _xnet_v1_LeaveRequest, callback: grpc.requestCallback<_xnet_v1_LeaveResponse__Output>): grpc.ClientUnaryCall;
  leave(argument: _xnet_v1_LeaveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_LeaveResponse__Output>): grpc.ClientUnaryCall;
  leave(argument: _xnet_v1_LeaveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_LeaveResponse__Output>): grpc.ClientUnaryCall;
  leave(argument: _xnet_v1_LeaveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_LeaveResponse__Output>): grpc.ClientUnaryCall;
  leave(argument: _xnet_v1_LeaveRequest, callback: grpc.requestCallback<_xnet_v1_LeaveResponse__Output>): grpc.ClientUnaryCall;
  
  RenewCertificate(argument: _xnet_v1_RenewCertificateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenewCertificateResponse__Output>): grpc.ClientUnaryCall;
  RenewCertificate(argument: _xnet_v1_RenewCertificateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RenewCertificateResponse__Output>): grpc.ClientUnaryCall;
  RenewCertificate(argument: _xnet_v1_RenewCertificateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenewCertificateResponse__Output>): grpc.ClientUnaryCall;
  RenewCertificate(argument: _xnet_v1_RenewCertificateRequest, callback: grpc.requestCallback<_xnet_v1_RenewCertificateResponse__Output>): grpc.ClientUnaryCall;
  renewCertificate(argument: _xnet_v1_RenewCertificateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenewCertificateResponse__Output>): grpc.ClientUnaryCall;
  renewCertificate(argument: _xnet_v1_RenewCertificateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RenewCertificateResponse__Output>): grpc.ClientUnaryCall;
  renewCertificate(argument: _xnet_v1_RenewCertificateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RenewCertificateResponse__Output>): grpc.ClientUnaryCall;
  renewCertificate(argument: _xnet_v1_RenewCertificateRequest, callback: grpc.requestCallback<_xnet_v1_RenewCertificateResponse__Output>): grpc.ClientUnaryCall;
  
  Report(argument: _xnet_v1_ReportRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReportResponse__Output>): grpc.ClientUnaryCall;
  Report(argument: _xnet_v1_ReportRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReportResponse__Output>): grpc.ClientUnaryCall;
  Report(argument: _xnet_v1_ReportRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReportResponse__Output>): grpc.ClientUnaryCall;
  Report(argument: _xnet_v1_ReportRequest, callback: grpc.requestCallback<_xnet_v1_ReportResponse__Output>): grpc.ClientUnaryCall;
  report(argument: _xnet_v1_ReportRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReportResponse__Output>): grpc.ClientUnaryCall;
  report(argument: _xnet_v1_ReportRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReportResponse__Output>): grpc.ClientUnaryCall;
  report(argument: _xnet_v1_ReportRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReportResponse__Output>): grpc.ClientUnaryCall;
  report(argument: _xnet_v1_ReportRequest, callback: grpc.requestCallback<_xnet_v1_ReportResponse__Output>): grpc.ClientUnaryCall;
  
  Watch(argument: _xnet_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_WatchResponse__Output>;
  Watch(argument: _xnet_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_WatchResponse__Output>;
  watch(argument: _xnet_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_WatchResponse__Output>;
  watch(argument: _xnet_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_WatchResponse__Output>;
  
}

export interface NodeServiceHandlers extends grpc.UntypedServiceImplementation {
  Leave: grpc.handleUnaryCall<_xnet_v1_LeaveRequest__Output, _xnet_v1_LeaveResponse>;
  
  RenewCertificate: grpc.handleUnaryCall<_xnet_v1_RenewCertificateRequest__Output, _xnet_v1_RenewCertificateResponse>;
  
  Report: grpc.handleUnaryCall<_xnet_v1_ReportRequest__Output, _xnet_v1_ReportResponse>;
  
  Watch: grpc.handleServerStreamingCall<_xnet_v1_WatchRequest__Output, _xnet_v1_WatchResponse>;
  
}

export interface NodeServiceDefinition extends grpc.ServiceDefinition {
  Leave: MethodDefinition<_xnet_v1_LeaveRequest, _xnet_v1_LeaveResponse, _xnet_v1_LeaveRequest__Output, _xnet_v1_LeaveResponse__Output>
  RenewCertificate: MethodDefinition<_xnet_v1_RenewCertificateRequest, _xnet_v1_RenewCertificateResponse, _xnet_v1_RenewCertificateRequest__Output, _xnet_v1_RenewCertificateResponse__Output>
  Report: MethodDefinition<_xnet_v1_ReportRequest, _xnet_v1_ReportResponse, _xnet_v1_ReportRequest__Output, _xnet_v1_ReportResponse__Output>
  Watch: MethodDefinition<_xnet_v1_WatchRequest, _xnet_v1_WatchResponse, _xnet_v1_WatchRequest__Output, _xnet_v1_WatchResponse__Output>
}
