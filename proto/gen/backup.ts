import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { DescriptorProto as _google_protobuf_DescriptorProto, DescriptorProto__Output as _google_protobuf_DescriptorProto__Output } from './google/protobuf/DescriptorProto.js';
import type { EnumDescriptorProto as _google_protobuf_EnumDescriptorProto, EnumDescriptorProto__Output as _google_protobuf_EnumDescriptorProto__Output } from './google/protobuf/EnumDescriptorProto.js';
import type { EnumOptions as _google_protobuf_EnumOptions, EnumOptions__Output as _google_protobuf_EnumOptions__Output } from './google/protobuf/EnumOptions.js';
import type { EnumValueDescriptorProto as _google_protobuf_EnumValueDescriptorProto, EnumValueDescriptorProto__Output as _google_protobuf_EnumValueDescriptorProto__Output } from './google/protobuf/EnumValueDescriptorProto.js';
import type { EnumValueOptions as _google_protobuf_EnumValueOptions, EnumValueOptions__Output as _google_protobuf_EnumValueOptions__Output } from './google/protobuf/EnumValueOptions.js';
import type { ExtensionRangeOptions as _google_protobuf_ExtensionRangeOptions, ExtensionRangeOptions__Output as _google_protobuf_ExtensionRangeOptions__Output } from './google/protobuf/ExtensionRangeOptions.js';
import type { FeatureSet as _google_protobuf_FeatureSet, FeatureSet__Output as _google_protobuf_FeatureSet__Output } from './google/protobuf/FeatureSet.js';
import type { FeatureSetDefaults as _google_protobuf_FeatureSetDefaults, FeatureSetDefaults__Output as _google_protobuf_FeatureSetDefaults__Output } from './google/protobuf/FeatureSetDefaults.js';
import type { FieldDescriptorProto as _google_protobuf_FieldDescriptorProto, FieldDescriptorProto__Output as _google_protobuf_FieldDescriptorProto__Output } from './google/protobuf/FieldDescriptorProto.js';
import type { FieldOptions as _google_protobuf_FieldOptions, FieldOptions__Output as _google_protobuf_FieldOptions__Output } from './google/protobuf/FieldOptions.js';
import type { FileDescriptorProto as _google_protobuf_FileDescriptorProto, FileDescriptorProto__Output as _google_protobuf_FileDescriptorProto__Output } from './google/protobuf/FileDescriptorProto.js';
import type { FileDescriptorSet as _google_protobuf_FileDescriptorSet, FileDescriptorSet__Output as _google_protobuf_FileDescriptorSet__Output } from './google/protobuf/FileDescriptorSet.js';
import type { FileOptions as _google_protobuf_FileOptions, FileOptions__Output as _google_protobuf_FileOptions__Output } from './google/protobuf/FileOptions.js';
import type { GeneratedCodeInfo as _google_protobuf_GeneratedCodeInfo, GeneratedCodeInfo__Output as _google_protobuf_GeneratedCodeInfo__Output } from './google/protobuf/GeneratedCodeInfo.js';
import type { MessageOptions as _google_protobuf_MessageOptions, MessageOptions__Output as _google_protobuf_MessageOptions__Output } from './google/protobuf/MessageOptions.js';
import type { MethodDescriptorProto as _google_protobuf_MethodDescriptorProto, MethodDescriptorProto__Output as _google_protobuf_MethodDescriptorProto__Output } from './google/protobuf/MethodDescriptorProto.js';
import type { MethodOptions as _google_protobuf_MethodOptions, MethodOptions__Output as _google_protobuf_MethodOptions__Output } from './google/protobuf/MethodOptions.js';
import type { OneofDescriptorProto as _google_protobuf_OneofDescriptorProto, OneofDescriptorProto__Output as _google_protobuf_OneofDescriptorProto__Output } from './google/protobuf/OneofDescriptorProto.js';
import type { OneofOptions as _google_protobuf_OneofOptions, OneofOptions__Output as _google_protobuf_OneofOptions__Output } from './google/protobuf/OneofOptions.js';
import type { ServiceDescriptorProto as _google_protobuf_ServiceDescriptorProto, ServiceDescriptorProto__Output as _google_protobuf_ServiceDescriptorProto__Output } from './google/protobuf/ServiceDescriptorProto.js';
import type { ServiceOptions as _google_protobuf_ServiceOptions, ServiceOptions__Output as _google_protobuf_ServiceOptions__Output } from './google/protobuf/ServiceOptions.js';
import type { SourceCodeInfo as _google_protobuf_SourceCodeInfo, SourceCodeInfo__Output as _google_protobuf_SourceCodeInfo__Output } from './google/protobuf/SourceCodeInfo.js';
import type { UninterpretedOption as _google_protobuf_UninterpretedOption, UninterpretedOption__Output as _google_protobuf_UninterpretedOption__Output } from './google/protobuf/UninterpretedOption.js';
import type { BackupEnd as _xnet_v1_BackupEnd, BackupEnd__Output as _xnet_v1_BackupEnd__Output } from './xnet/v1/BackupEnd.js';
import type { BackupHeader as _xnet_v1_BackupHeader, BackupHeader__Output as _xnet_v1_BackupHeader__Output } from './xnet/v1/BackupHeader.js';
import type { BackupPart as _xnet_v1_BackupPart, BackupPart__Output as _xnet_v1_BackupPart__Output } from './xnet/v1/BackupPart.js';
import type { BackupRecord as _xnet_v1_BackupRecord, BackupRecord__Output as _xnet_v1_BackupRecord__Output } from './xnet/v1/BackupRecord.js';
import type { BackupRecords as _xnet_v1_BackupRecords, BackupRecords__Output as _xnet_v1_BackupRecords__Output } from './xnet/v1/BackupRecords.js';
import type { BackupServiceClient as _xnet_v1_BackupServiceClient, BackupServiceDefinition as _xnet_v1_BackupServiceDefinition } from './xnet/v1/BackupService.js';
import type { BeginRestoreRequest as _xnet_v1_BeginRestoreRequest, BeginRestoreRequest__Output as _xnet_v1_BeginRestoreRequest__Output } from './xnet/v1/BeginRestoreRequest.js';
import type { BeginRestoreResponse as _xnet_v1_BeginRestoreResponse, BeginRestoreResponse__Output as _xnet_v1_BeginRestoreResponse__Output } from './xnet/v1/BeginRestoreResponse.js';
import type { FinishAdoptionRequest as _xnet_v1_FinishAdoptionRequest, FinishAdoptionRequest__Output as _xnet_v1_FinishAdoptionRequest__Output } from './xnet/v1/FinishAdoptionRequest.js';
import type { FinishAdoptionResponse as _xnet_v1_FinishAdoptionResponse, FinishAdoptionResponse__Output as _xnet_v1_FinishAdoptionResponse__Output } from './xnet/v1/FinishAdoptionResponse.js';
import type { FinishRestoreRequest as _xnet_v1_FinishRestoreRequest, FinishRestoreRequest__Output as _xnet_v1_FinishRestoreRequest__Output } from './xnet/v1/FinishRestoreRequest.js';
import type { FinishRestoreResponse as _xnet_v1_FinishRestoreResponse, FinishRestoreResponse__Output as _xnet_v1_FinishRestoreResponse__Output } from './xnet/v1/FinishRestoreResponse.js';
import type { GetAdoptionRequest as _xnet_v1_GetAdoptionRequest, GetAdoptionRequest__Output as _xnet_v1_GetAdoptionRequest__Output } from './xnet/v1/GetAdoptionRequest.js';
import type { GetAdoptionResponse as _xnet_v1_GetAdoptionResponse, GetAdoptionResponse__Output as _xnet_v1_GetAdoptionResponse__Output } from './xnet/v1/GetAdoptionResponse.js';
import type { ReadClusterKeyRequest as _xnet_v1_ReadClusterKeyRequest, ReadClusterKeyRequest__Output as _xnet_v1_ReadClusterKeyRequest__Output } from './xnet/v1/ReadClusterKeyRequest.js';
import type { ReadClusterKeyResponse as _xnet_v1_ReadClusterKeyResponse, ReadClusterKeyResponse__Output as _xnet_v1_ReadClusterKeyResponse__Output } from './xnet/v1/ReadClusterKeyResponse.js';
import type { SaveBackupRequest as _xnet_v1_SaveBackupRequest, SaveBackupRequest__Output as _xnet_v1_SaveBackupRequest__Output } from './xnet/v1/SaveBackupRequest.js';
import type { WriteRestoreRequest as _xnet_v1_WriteRestoreRequest, WriteRestoreRequest__Output as _xnet_v1_WriteRestoreRequest__Output } from './xnet/v1/WriteRestoreRequest.js';
import type { WriteRestoreResponse as _xnet_v1_WriteRestoreResponse, WriteRestoreResponse__Output as _xnet_v1_WriteRestoreResponse__Output } from './xnet/v1/WriteRestoreResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      DescriptorProto: MessageTypeDefinition<_google_protobuf_DescriptorProto, _google_protobuf_DescriptorProto__Output>
      Edition: EnumTypeDefinition
      EnumDescriptorProto: MessageTypeDefinition<_google_protobuf_EnumDescriptorProto, _google_protobuf_EnumDescriptorProto__Output>
      EnumOptions: MessageTypeDefinition<_google_protobuf_EnumOptions, _google_protobuf_EnumOptions__Output>
      EnumValueDescriptorProto: MessageTypeDefinition<_google_protobuf_EnumValueDescriptorProto, _google_protobuf_EnumValueDescriptorProto__Output>
      EnumValueOptions: MessageTypeDefinition<_google_protobuf_EnumValueOptions, _google_protobuf_EnumValueOptions__Output>
      ExtensionRangeOptions: MessageTypeDefinition<_google_protobuf_ExtensionRangeOptions, _google_protobuf_ExtensionRangeOptions__Output>
      FeatureSet: MessageTypeDefinition<_google_protobuf_FeatureSet, _google_protobuf_FeatureSet__Output>
      FeatureSetDefaults: MessageTypeDefinition<_google_protobuf_FeatureSetDefaults, _google_protobuf_FeatureSetDefaults__Output>
      FieldDescriptorProto: MessageTypeDefinition<_google_protobuf_FieldDescriptorProto, _google_protobuf_FieldDescriptorProto__Output>
      FieldOptions: MessageTypeDefinition<_google_protobuf_FieldOptions, _google_protobuf_FieldOptions__Output>
      FileDescriptorProto: MessageTypeDefinition<_google_protobuf_FileDescriptorProto, _google_protobuf_FileDescriptorProto__Output>
      FileDescriptorSet: MessageTypeDefinition<_google_protobuf_FileDescriptorSet, _google_protobuf_FileDescriptorSet__Output>
      FileOptions: MessageTypeDefinition<_google_protobuf_FileOptions, _google_protobuf_FileOptions__Output>
      GeneratedCodeInfo: MessageTypeDefinition<_google_protobuf_GeneratedCodeInfo, _google_protobuf_GeneratedCodeInfo__Output>
      MessageOptions: MessageTypeDefinition<_google_protobuf_MessageOptions, _google_protobuf_MessageOptions__Output>
      MethodDescriptorProto: MessageTypeDefinition<_google_protobuf_MethodDescriptorProto, _google_protobuf_MethodDescriptorProto__Output>
      MethodOptions: MessageTypeDefinition<_google_protobuf_MethodOptions, _google_protobuf_MethodOptions__Output>
      OneofDescriptorProto: MessageTypeDefinition<_google_protobuf_OneofDescriptorProto, _google_protobuf_OneofDescriptorProto__Output>
      OneofOptions: MessageTypeDefinition<_google_protobuf_OneofOptions, _google_protobuf_OneofOptions__Output>
      ServiceDescriptorProto: MessageTypeDefinition<_google_protobuf_ServiceDescriptorProto, _google_protobuf_ServiceDescriptorProto__Output>
      ServiceOptions: MessageTypeDefinition<_google_protobuf_ServiceOptions, _google_protobuf_ServiceOptions__Output>
      SourceCodeInfo: MessageTypeDefinition<_google_protobuf_SourceCodeInfo, _google_protobuf_SourceCodeInfo__Output>
      SymbolVisibility: EnumTypeDefinition
      UninterpretedOption: MessageTypeDefinition<_google_protobuf_UninterpretedOption, _google_protobuf_UninterpretedOption__Output>
    }
  }
  xnet: {
    v1: {
      Access: EnumTypeDefinition
      BackupEnd: MessageTypeDefinition<_xnet_v1_BackupEnd, _xnet_v1_BackupEnd__Output>
      BackupHeader: MessageTypeDefinition<_xnet_v1_BackupHeader, _xnet_v1_BackupHeader__Output>
      BackupPart: MessageTypeDefinition<_xnet_v1_BackupPart, _xnet_v1_BackupPart__Output>
      BackupRecord: MessageTypeDefinition<_xnet_v1_BackupRecord, _xnet_v1_BackupRecord__Output>
      BackupRecords: MessageTypeDefinition<_xnet_v1_BackupRecords, _xnet_v1_BackupRecords__Output>
      BackupService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_BackupServiceClient> & { service: _xnet_v1_BackupServiceDefinition }
      BeginRestoreRequest: MessageTypeDefinition<_xnet_v1_BeginRestoreRequest, _xnet_v1_BeginRestoreRequest__Output>
      BeginRestoreResponse: MessageTypeDefinition<_xnet_v1_BeginRestoreResponse, _xnet_v1_BeginRestoreResponse__Output>
      FinishAdoptionRequest: MessageTypeDefinition<_xnet_v1_FinishAdoptionRequest, _xnet_v1_FinishAdoptionRequest__Output>
      FinishAdoptionResponse: MessageTypeDefinition<_xnet_v1_FinishAdoptionResponse, _xnet_v1_FinishAdoptionResponse__Output>
      FinishRestoreRequest: MessageTypeDefinition<_xnet_v1_FinishRestoreRequest, _xnet_v1_FinishRestoreRequest__Output>
      FinishRestoreResponse: MessageTypeDefinition<_xnet_v1_FinishRestoreResponse, _xnet_v1_FinishRestoreResponse__Output>
      GetAdoptionRequest: MessageTypeDefinition<_xnet_v1_GetAdoptionRequest, _xnet_v1_GetAdoptionRequest__Output>
      GetAdoptionResponse: MessageTypeDefinition<_xnet_v1_GetAdoptionResponse, _xnet_v1_GetAdoptionResponse__Output>
      ReadClusterKeyRequest: MessageTypeDefinition<_xnet_v1_ReadClusterKeyRequest, _xnet_v1_ReadClusterKeyRequest__Output>
      ReadClusterKeyResponse: MessageTypeDefinition<_xnet_v1_ReadClusterKeyResponse, _xnet_v1_ReadClusterKeyResponse__Output>
      SaveBackupRequest: MessageTypeDefinition<_xnet_v1_SaveBackupRequest, _xnet_v1_SaveBackupRequest__Output>
      WriteRestoreRequest: MessageTypeDefinition<_xnet_v1_WriteRestoreRequest, _xnet_v1_WriteRestoreRequest__Output>
      WriteRestoreResponse: MessageTypeDefinition<_xnet_v1_WriteRestoreResponse, _xnet_v1_WriteRestoreResponse__Output>
    }
  }
}

