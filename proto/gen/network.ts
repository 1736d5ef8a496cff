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
import type { ChangeNetworkRequest as _xnet_v1_ChangeNetworkRequest, ChangeNetworkRequest__Output as _xnet_v1_ChangeNetworkRequest__Output } from './xnet/v1/ChangeNetworkRequest.js';
import type { ChangeNetworkResponse as _xnet_v1_ChangeNetworkResponse, ChangeNetworkResponse__Output as _xnet_v1_ChangeNetworkResponse__Output } from './xnet/v1/ChangeNetworkResponse.js';
import type { CreateNetworkRequest as _xnet_v1_CreateNetworkRequest, CreateNetworkRequest__Output as _xnet_v1_CreateNetworkRequest__Output } from './xnet/v1/CreateNetworkRequest.js';
import type { CreateNetworkResponse as _xnet_v1_CreateNetworkResponse, CreateNetworkResponse__Output as _xnet_v1_CreateNetworkResponse__Output } from './xnet/v1/CreateNetworkResponse.js';
import type { ExceptedNodes as _xnet_v1_ExceptedNodes, ExceptedNodes__Output as _xnet_v1_ExceptedNodes__Output } from './xnet/v1/ExceptedNodes.js';
import type { GetNetworkRequest as _xnet_v1_GetNetworkRequest, GetNetworkRequest__Output as _xnet_v1_GetNetworkRequest__Output } from './xnet/v1/GetNetworkRequest.js';
import type { GetNetworkResponse as _xnet_v1_GetNetworkResponse, GetNetworkResponse__Output as _xnet_v1_GetNetworkResponse__Output } from './xnet/v1/GetNetworkResponse.js';
import type { ListNetworksRequest as _xnet_v1_ListNetworksRequest, ListNetworksRequest__Output as _xnet_v1_ListNetworksRequest__Output } from './xnet/v1/ListNetworksRequest.js';
import type { ListNetworksResponse as _xnet_v1_ListNetworksResponse, ListNetworksResponse__Output as _xnet_v1_ListNetworksResponse__Output } from './xnet/v1/ListNetworksResponse.js';
import type { Network as _xnet_v1_Network, Network__Output as _xnet_v1_Network__Output } from './xnet/v1/Network.js';
import type { NetworkMember as _xnet_v1_NetworkMember, NetworkMember__Output as _xnet_v1_NetworkMember__Output } from './xnet/v1/NetworkMember.js';
import type { NetworkServiceClient as _xnet_v1_NetworkServiceClient, NetworkServiceDefinition as _xnet_v1_NetworkServiceDefinition } from './xnet/v1/NetworkService.js';
import type { NodeSelector as _xnet_v1_NodeSelector, NodeSelector__Output as _xnet_v1_NodeSelector__Output } from './xnet/v1/NodeSelector.js';
import type { RemoveNetworkRequest as _xnet_v1_RemoveNetworkRequest, RemoveNetworkRequest__Output as _xnet_v1_RemoveNetworkRequest__Output } from './xnet/v1/RemoveNetworkRequest.js';
import type { RemoveNetworkResponse as _xnet_v1_RemoveNetworkResponse, RemoveNetworkResponse__Output as _xnet_v1_RemoveNetworkResponse__Output } from './xnet/v1/RemoveNetworkResponse.js';

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
      ChangeNetworkRequest: MessageTypeDefinition<_xnet_v1_ChangeNetworkRequest, _xnet_v1_ChangeNetworkRequest__Output>
      ChangeNetworkResponse: MessageTypeDefinition<_xnet_v1_ChangeNetworkResponse, _xnet_v1_ChangeNetworkResponse__Output>
      CreateNetworkRequest: MessageTypeDefinition<_xnet_v1_CreateNetworkRequest, _xnet_v1_CreateNetworkRequest__Output>
      CreateNetworkResponse: MessageTypeDefinition<_xnet_v1_CreateNetworkResponse, _xnet_v1_CreateNetworkResponse__Output>
      ExceptedNodes: MessageTypeDefinition<_xnet_v1_ExceptedNodes, _xnet_v1_ExceptedNodes__Output>
      GetNetworkRequest: MessageTypeDefinition<_xnet_v1_GetNetworkRequest, _xnet_v1_GetNetworkRequest__Output>
      GetNetworkResponse: MessageTypeDefinition<_xnet_v1_GetNetworkResponse, _xnet_v1_GetNetworkResponse__Output>
      ListNetworksRequest: MessageTypeDefinition<_xnet_v1_ListNetworksRequest, _xnet_v1_ListNetworksRequest__Output>
      ListNetworksResponse: MessageTypeDefinition<_xnet_v1_ListNetworksResponse, _xnet_v1_ListNetworksResponse__Output>
      MemberState: EnumTypeDefinition
      Network: MessageTypeDefinition<_xnet_v1_Network, _xnet_v1_Network__Output>
      NetworkMember: MessageTypeDefinition<_xnet_v1_NetworkMember, _xnet_v1_NetworkMember__Output>
      NetworkService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_NetworkServiceClient> & { service: _xnet_v1_NetworkServiceDefinition }
      NodeSelector: MessageTypeDefinition<_xnet_v1_NodeSelector, _xnet_v1_NodeSelector__Output>
      RemoveNetworkRequest: MessageTypeDefinition<_xnet_v1_RemoveNetworkRequest, _xnet_v1_RemoveNetworkRequest__Output>
      RemoveNetworkResponse: MessageTypeDefinition<_xnet_v1_RemoveNetworkResponse, _xnet_v1_RemoveNetworkResponse__Output>
    }
  }
}

