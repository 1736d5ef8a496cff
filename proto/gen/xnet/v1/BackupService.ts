// Original file: proto/xnet/v1/backup.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BackupPart as _xnet_v1_BackupPart, BackupPart__Output as _xnet_v1_BackupPart__Output } from '../../xnet/v1/BackupPart.js';
import type { BeginRestoreRequest as _xnet_v1_BeginRestoreRequest, BeginRestoreRequest__Output as _xnet_v1_BeginRestoreRequest__Output } from '../../xnet/v1/BeginRestoreRequest.js';
import type { BeginRestoreResponse as _xnet_v1_BeginRestoreResponse, BeginRestoreResponse__Output as _xnet_v1_BeginRestoreResponse__Output } from '../../xnet/v1/BeginRestoreResponse.js';
import type { FinishAdoptionRequest as _xnet_v1_FinishAdoptionRequest, FinishAdoptionRequest__Output as _xnet_v1_FinishAdoptionRequest__Output } from '../../xnet/v1/FinishAdoptionRequest.js';
import type { FinishAdoptionResponse as _xnet_v1_FinishAdoptionResponse, FinishAdoptionResponse__Output as _xnet_v1_FinishAdoptionResponse__Output } from '../../xnet/v1/FinishAdoptionResponse.js';
import type { FinishRestoreRequest as _xnet_v1_FinishRestoreRequest, FinishRestoreRequest__Output as _xnet_v1_FinishRestoreRequest__Output } from '../../xnet/v1/FinishRestoreRequest.js';
import type { FinishRestoreResponse as _xnet_v1_FinishRestoreResponse, FinishRestoreResponse__Output as _xnet_v1_FinishRestoreResponse__Output } from '../../xnet/v1/FinishRestoreResponse.js';
import type { GetAdoptionRequest as _xnet_v1_GetAdoptionRequest, GetAdoptionRequest__Output as _xnet_v1_GetAdoptionRequest__Output } from '../../xnet/v1/GetAdoptionRequest.js';
import type { GetAdoptionResponse as _xnet_v1_GetAdoptionResponse, GetAdoptionResponse__Output as _xnet_v1_GetAdoptionResponse__Output } from '../../xnet/v1/GetAdoptionResponse.js';
import type { ReadClusterKeyRequest as _xnet_v1_ReadClusterKeyRequest, ReadClusterKeyRequest__Output as _xnet_v1_ReadClusterKeyRequest__Output } from '../../xnet/v1/ReadClusterKeyRequest.js';
import type { ReadClusterKeyResponse as _xnet_v1_ReadClusterKeyResponse, ReadClusterKeyResponse__Output as _xnet_v1_ReadClusterKeyResponse__Output } from '../../xnet/v1/ReadClusterKeyResponse.js';
import type { SaveBackupRequest as _xnet_v1_SaveBackupRequest, SaveBackupRequest__Output as _xnet_v1_SaveBackupRequest__Output } from '../../xnet/v1/SaveBackupRequest.js';
import type { WriteRestoreRequest as _xnet_v1_WriteRestoreRequest, WriteRestoreRequest__Output as _xnet_v1_WriteRestoreRequest__Output } from '../../xnet/v1/WriteRestoreRequest.js';
import type { WriteRestoreResponse as _xnet_v1_WriteRestoreResponse, WriteRestoreResponse__Output as _xnet_v1_WriteRestoreResponse__Output } from '../../xnet/v1/WriteRestoreResponse.js';

export interface BackupServiceClient extends grpc.Client {
  BeginRestore(argument: _xnet_v1_BeginRestoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_BeginRestoreResponse__Output>): grpc.ClientUnaryCall;
  BeginRestore(argument: _xnet_v1_BeginRestoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_BeginRestoreResponse__Output>): grpc.ClientUnaryCall;
  BeginRestore(argument: _xnet_v1_BeginRestoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_BeginRestoreResponse__Output>): grpc.ClientUnaryCall;
  BeginRestore(argument: _xnet_v1_BeginRestoreRequest, callback: grpc.requestCallback<_xnet_v1_BeginRestoreResponse__Output>): grpc.ClientUnaryCall;
  beginRestore(argument: _xnet_v1_BeginRestoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_BeginRestoreResponse__Output>): grpc.ClientUnaryCall;
  beginRestore(argument: _xnet_v1_BeginRestoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_BeginRestoreResponse__Output>): grpc.ClientUnaryCall;
  beginRestore(argument: _xnet_v1_BeginRestoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_BeginRestoreResponse__Output>): grpc.ClientUnaryCall;
  beginRestore(argument: _xnet_v1_BeginRestoreRequest, callback: grpc.requestCallback<_xnet_v1_BeginRestoreResponse__Output>): grpc.ClientUnaryCall;
  
  FinishAdoption(argument: _xnet_v1_FinishAdoptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FinishAdoptionResponse__Output>): grpc.ClientUnaryCall;
  FinishAdoption(argument: _xnet_v1_FinishAdoptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_FinishAdoptionResponse__Output>): grpc.ClientUnaryCall;
  FinishAdoption(argument: _xnet_v1_FinishAdoptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FinishAdoptionResponse__Output>): grpc.ClientUnaryCall;
  FinishAdoption(argument: _xnet_v1_FinishAdoptionRequest, callback: grpc.requestCallback<_xnet_v1_FinishAdoptionResponse__Output>): grpc.ClientUnaryCall;
  finishAdoption(argument: _xnet_v1_FinishAdoptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FinishAdoptionResponse__Output>): grpc.ClientUnaryCall;
  finishAdoption(argument: _xnet_v1_FinishAdoptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_FinishAdoptionResponse__Output>): grpc.ClientUnaryCall;
  finishAdoption(argument: _xnet_v1_FinishAdoptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FinishAdoptionResponse__Output>): grpc.ClientUnaryCall;
  finishAdoption(argument: _xnet_v1_FinishAdoptionRequest, callback: grpc.requestCallback<_xnet_v1_FinishAdoptionResponse__Output>): grpc.ClientUnaryCall;
  
  FinishRestore(argument: _xnet_v1_FinishRestoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FinishRestoreResponse__Output>): grpc.ClientUnaryCall;
  FinishRestore(argument: _xnet_v1_FinishRestoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_FinishRestoreResponse__Output>): grpc.ClientUnaryCall;
  FinishRestore(argument: _xnet_v1_FinishRestoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FinishRestoreResponse__Output>): grpc.ClientUnaryCall;
  FinishRestore(argument: _xnet_v1_FinishRestoreRequest, callback: grpc.requestCallback<_xnet_v1_FinishRestoreResponse__Output>): grpc.ClientUnaryCall;
  finishRestore(argument: _xnet_v1_FinishRestoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FinishRestoreResponse__Output>): grpc.ClientUnaryCall;
  finishRestore(argument: _xnet_v1_FinishRestoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_FinishRestoreResponse__Output>): grpc.ClientUnaryCall;
  finishRestore(argument: _xnet_v1_FinishRestoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_FinishRestoreResponse__Output>): grpc.ClientUnaryCall;
  finishRestore(argument: _xnet_v1_FinishRestoreRequest, callback: grpc.requestCallback<_xnet_v1_FinishRestoreResponse__Output>): grpc.ClientUnaryCall;
  
  GetAdoption(argument: _xnet_v1_GetAdoptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetAdoptionResponse__Output>): grpc.ClientUnaryCall;
  GetAdoption(argument: _xnet_v1_GetAdoptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetAdoptionResponse__Output>): grpc.ClientUnaryCall;
  GetAdoption(argument: _xnet_v1_GetAdoptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetAdoptionResponse__Output>): grpc.ClientUnaryCall;
  GetAdoption(argument: _xnet_v1_GetAdoptionRequest, callback: grpc.requestCallback<_xnet_v1_GetAdoptionResponse__Output>): grpc.ClientUnaryCall;
  getAdoption(argument: _xnet_v1_GetAdoptionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetAdoptionResponse__Output>): grpc.ClientUnaryCall;
  getAdoption(argument: _xnet_v1_GetAdoptionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetAdoptionResponse__Output>): grpc.ClientUnaryCall;
  getAdoption(argument: _xnet_v1_GetAdoptionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetAdoptionResponse__Output>): grpc.ClientUnaryCall;
  getAdoption(argument: _xnet_v1_GetAdoptionRequest, callback: grpc.requestCallback<_xnet_v1_GetAdoptionResponse__Output>): grpc.ClientUnaryCall;
  
  ReadClusterKey(argument: _xnet_v1_ReadClusterKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReadClusterKeyResponse__Output>): grpc.ClientUnaryCall;
  ReadClusterKey(argument: _xnet_v1_ReadClusterKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReadClusterKeyResponse__Output>): grpc.ClientUnaryCall;
  ReadClusterKey(argument: _xnet_v1_ReadClusterKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReadClusterKeyResponse__Output>): grpc.ClientUnaryCall;
  ReadClusterKey(argument: _xnet_v1_ReadClusterKeyRequest, callback: grpc.requestCallback<_xnet_v1_ReadClusterKeyResponse__Output>): grpc.ClientUnaryCall;
  readClusterKey(argument: _xnet_v1_ReadClusterKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReadClusterKeyResponse__Output>): grpc.ClientUnaryCall;
  readClusterKey(argument: _xnet_v1_ReadClusterKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReadClusterKeyResponse__Output>): grpc.ClientUnaryCall;
  readClusterKey(argument: _xnet_v1_ReadClusterKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReadClusterKeyResponse__Output>): grpc.ClientUnaryCall;
  readClusterKey(argument: _xnet_v1_ReadClusterKeyRequest, callback: grpc.requestCallback<_xnet_v1_ReadClusterKeyResponse__Output>): grpc.ClientUnaryCall;
  
  SaveBackup(argument: _xnet_v1_SaveBackupRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_BackupPart__Output>;
  SaveBackup(argument: _xnet_v1_SaveBackupRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_BackupPart__Output>;
  saveBackup(argument: _xnet_v1_SaveBackupRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_BackupPart__Output>;
  saveBackup(argument: _xnet_v1_SaveBackupRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_BackupPart__Output>;
  
  WriteRestore(argument: _xnet_v1_WriteRestoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_WriteRestoreResponse__Output>): grpc.ClientUnaryCall;
  WriteRestore(argument: _xnet_v1_WriteRestoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_WriteRestoreResponse__Output>): grpc.ClientUnaryCall;
  WriteRestore(argument: _xnet_v1_WriteRestoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_WriteRestoreResponse__Output>): grpc.ClientUnaryCall;
  WriteRestore(argument: _xnet_v1_WriteRestoreRequest, callback: grpc.requestCallback<_xnet_v1_WriteRestoreResponse__Output>): grpc.ClientUnaryCall;
  writeRestore(argument: _xnet_v1_WriteRestoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_WriteRestoreResponse__Output>): grpc.ClientUnaryCall;
  writeRestore(argument: _xnet_v1_WriteRestoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_WriteRestoreResponse__Output>): grpc.ClientUnaryCall;
  writeRestore(argument: _xnet_v1_WriteRestoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_WriteRestoreResponse__Output>): grpc.ClientUnaryCall;
  writeRestore(argument: _xnet_v1_WriteRestoreRequest, callback: grpc.requestCallback<_xnet_v1_WriteRestoreResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface BackupServiceHandlers extends grpc.UntypedServiceImplementation {
  BeginRestore: grpc.handleUnaryCall<_xnet_v1_BeginRestoreRequest__Output, _xnet_v1_BeginRestoreResponse>;
  
  FinishAdoption: grpc.handleUnaryCall<_xnet_v1_FinishAdoptionRequest__Output, _xnet_v1_FinishAdoptionResponse>;
  
  FinishRestore: grpc.handleUnaryCall<_xnet_v1_FinishRestoreRequest__Output, _xnet_v1_FinishRestoreResponse>;
  
  GetAdoption: grpc.handleUnaryCall<_xnet_v1_GetAdoptionRequest__Output, _xnet_v1_GetAdoptionResponse>;
  
  ReadClusterKey: grpc.handleUnaryCall<_xnet_v1_ReadClusterKeyRequest__Output, _xnet_v1_ReadClusterKeyResponse>;
  
  SaveBackup: grpc.handleServerStreamingCall<_xnet_v1_SaveBackupRequest__Output, _xnet_v1_BackupPart>;
  
  WriteRestore: grpc.handleUnaryCall<_xnet_v1_WriteRestoreRequest__Output, _xnet_v1_WriteRestoreResponse>;
  
}

export interface BackupServiceDefinition extends grpc.ServiceDefinition {
  BeginRestore: MethodDefinition<_xnet_v1_BeginRestoreRequest, _xnet_v1_BeginRestoreResponse, _xnet_v1_BeginRestoreRequest__Output, _xnet_v1_BeginRestoreResponse__Output>
  FinishAdoption: MethodDefinition<_xnet_v1_FinishAdoptionRequest, _xnet_v1_FinishAdoptionResponse, _xnet_v1_FinishAdoptionRequest__Output, _xnet_v1_FinishAdoptionResponse__Output>
  FinishRestore: MethodDefinition<_xnet_v1_FinishRestoreRequest, _xnet_v1_FinishRestoreResponse, _xnet_v1_FinishRestoreRequest__Output, _xnet_v1_FinishRestoreResponse__Output>
  GetAdoption: MethodDefinition<_xnet_v1_GetAdoptionRequest, _xnet_v1_GetAdoptionResponse, _xnet_v1_GetAdoptionRequest__Output, _xnet_v1_GetAdoptionResponse__Output>
  ReadClusterKey: MethodDefinition<_xnet_v1_ReadClusterKeyRequest, _xnet_v1_ReadClusterKeyResponse, _xnet_v1_ReadClusterKeyRequest__Output, _xnet_v1_ReadClusterKeyResponse__Output>
  SaveBackup: MethodDefinition<_xnet_v1_SaveBackupRequest, _xnet_v1_BackupPart, _xnet_v1_SaveBackupRequest__Output, _xnet_v1_BackupPart__Output>
  WriteRestore: MethodDefinition<_xnet_v1_WriteRestoreRequest, _xnet_v1_WriteRestoreResponse, _xnet_v1_WriteRestoreRequest__Output, _xnet_v1_WriteRestoreResponse__Output>
}
