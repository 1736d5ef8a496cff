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
import type { AddNicRequest as _xnet_v1_AddNicRequest, AddNicRequest__Output as _xnet_v1_AddNicRequest__Output } from './xnet/v1/AddNicRequest.js';
import type { AddNicResponse as _xnet_v1_AddNicResponse, AddNicResponse__Output as _xnet_v1_AddNicResponse__Output } from './xnet/v1/AddNicResponse.js';
import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from './xnet/v1/ContainerUse.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from './xnet/v1/Lan.js';
import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from './xnet/v1/Lease.js';
import type { LeaseUse as _xnet_v1_LeaseUse, LeaseUse__Output as _xnet_v1_LeaseUse__Output } from './xnet/v1/LeaseUse.js';
import type { ListNicsRequest as _xnet_v1_ListNicsRequest, ListNicsRequest__Output as _xnet_v1_ListNicsRequest__Output } from './xnet/v1/ListNicsRequest.js';
import type { ListNicsResponse as _xnet_v1_ListNicsResponse, ListNicsResponse__Output as _xnet_v1_ListNicsResponse__Output } from './xnet/v1/ListNicsResponse.js';
import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from './xnet/v1/Nic.js';
import type { NicList as _xnet_v1_NicList, NicList__Output as _xnet_v1_NicList__Output } from './xnet/v1/NicList.js';
import type { NicServiceClient as _xnet_v1_NicServiceClient, NicServiceDefinition as _xnet_v1_NicServiceDefinition } from './xnet/v1/NicService.js';
import type { NicStatus as _xnet_v1_NicStatus, NicStatus__Output as _xnet_v1_NicStatus__Output } from './xnet/v1/NicStatus.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from './xnet/v1/NicUse.js';
import type { Permit as _xnet_v1_Permit, Permit__Output as _xnet_v1_Permit__Output } from './xnet/v1/Permit.js';
import type { RemoveNicRequest as _xnet_v1_RemoveNicRequest, RemoveNicRequest__Output as _xnet_v1_RemoveNicRequest__Output } from './xnet/v1/RemoveNicRequest.js';
import type { RemoveNicResponse as _xnet_v1_RemoveNicResponse, RemoveNicResponse__Output as _xnet_v1_RemoveNicResponse__Output } from './xnet/v1/RemoveNicResponse.js';

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
      AddNicRequest: MessageTypeDefinition<_xnet_v1_AddNicRequest, _xnet_v1_AddNicRequest__Output>
      AddNicResponse: MessageTypeDefinition<_xnet_v1_AddNicResponse, _xnet_v1_AddNicResponse__Output>
      ContainerUse: MessageTypeDefinition<_xnet_v1_ContainerUse, _xnet_v1_ContainerUse__Output>
      Lan: MessageTypeDefinition<_xnet_v1_Lan, _xnet_v1_Lan__Output>
      Lease: MessageTypeDefinition<_xnet_v1_Lease, _xnet_v1_Lease__Output>
      LeaseState: EnumTypeDefinition
      LeaseUse: MessageTypeDefinition<_xnet_v1_LeaseUse, _xnet_v1_LeaseUse__Output>
      ListNicsRequest: MessageTypeDefinition<_xnet_v1_ListNicsRequest, _xnet_v1_ListNicsRequest__Output>
      ListNicsResponse: MessageTypeDefinition<_xnet_v1_ListNicsResponse, _xnet_v1_ListNicsResponse__Output>
      Mode: EnumTypeDefinition
      Nic: MessageTypeDefinition<_xnet_v1_Nic, _xnet_v1_Nic__Output>
      NicList: MessageTypeDefinition<_xnet_v1_NicList, _xnet_v1_NicList__Output>
      NicService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_NicServiceClient> & { service: _xnet_v1_NicServiceDefinition }
      NicStatus: MessageTypeDefinition<_xnet_v1_NicStatus, _xnet_v1_NicStatus__Output>
      NicUse: MessageTypeDefinition<_xnet_v1_NicUse, _xnet_v1_NicUse__Output>
      Permit: MessageTypeDefinition<_xnet_v1_Permit, _xnet_v1_Permit__Output>
      RemoveNicRequest: MessageTypeDefinition<_xnet_v1_RemoveNicRequest, _xnet_v1_RemoveNicRequest__Output>
      RemoveNicResponse: MessageTypeDefinition<_xnet_v1_RemoveNicResponse, _xnet_v1_RemoveNicResponse__Output>
    }
  }
}

