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
import type { AddNodeRequest as _xnet_v1_AddNodeRequest, AddNodeRequest__Output as _xnet_v1_AddNodeRequest__Output } from './xnet/v1/AddNodeRequest.js';
import type { AddNodeResponse as _xnet_v1_AddNodeResponse, AddNodeResponse__Output as _xnet_v1_AddNodeResponse__Output } from './xnet/v1/AddNodeResponse.js';
import type { AdminServiceClient as _xnet_v1_AdminServiceClient, AdminServiceDefinition as _xnet_v1_AdminServiceDefinition } from './xnet/v1/AdminService.js';
import type { AdoptedHost as _xnet_v1_AdoptedHost, AdoptedHost__Output as _xnet_v1_AdoptedHost__Output } from './xnet/v1/AdoptedHost.js';
import type { AuditEntry as _xnet_v1_AuditEntry, AuditEntry__Output as _xnet_v1_AuditEntry__Output } from './xnet/v1/AuditEntry.js';
import type { Authority as _xnet_v1_Authority, Authority__Output as _xnet_v1_Authority__Output } from './xnet/v1/Authority.js';
import type { Certificate as _xnet_v1_Certificate, Certificate__Output as _xnet_v1_Certificate__Output } from './xnet/v1/Certificate.js';
import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from './xnet/v1/Condition.js';
import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from './xnet/v1/ContainerUse.js';
import type { ControllerStatus as _xnet_v1_ControllerStatus, ControllerStatus__Output as _xnet_v1_ControllerStatus__Output } from './xnet/v1/ControllerStatus.js';
import type { Convergence as _xnet_v1_Convergence, Convergence__Output as _xnet_v1_Convergence__Output } from './xnet/v1/Convergence.js';
import type { CreatePoolRequest as _xnet_v1_CreatePoolRequest, CreatePoolRequest__Output as _xnet_v1_CreatePoolRequest__Output } from './xnet/v1/CreatePoolRequest.js';
import type { CreatePoolResponse as _xnet_v1_CreatePoolResponse, CreatePoolResponse__Output as _xnet_v1_CreatePoolResponse__Output } from './xnet/v1/CreatePoolResponse.js';
import type { CreateTokenRequest as _xnet_v1_CreateTokenRequest, CreateTokenRequest__Output as _xnet_v1_CreateTokenRequest__Output } from './xnet/v1/CreateTokenRequest.js';
import type { CreateTokenResponse as _xnet_v1_CreateTokenResponse, CreateTokenResponse__Output as _xnet_v1_CreateTokenResponse__Output } from './xnet/v1/CreateTokenResponse.js';
import type { Drain as _xnet_v1_Drain, Drain__Output as _xnet_v1_Drain__Output } from './xnet/v1/Drain.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from './xnet/v1/Event.js';
import type { GetAuthorityRequest as _xnet_v1_GetAuthorityRequest, GetAuthorityRequest__Output as _xnet_v1_GetAuthorityRequest__Output } from './xnet/v1/GetAuthorityRequest.js';
import type { GetAuthorityResponse as _xnet_v1_GetAuthorityResponse, GetAuthorityResponse__Output as _xnet_v1_GetAuthorityResponse__Output } from './xnet/v1/GetAuthorityResponse.js';
import type { GetNodeRequest as _xnet_v1_GetNodeRequest, GetNodeRequest__Output as _xnet_v1_GetNodeRequest__Output } from './xnet/v1/GetNodeRequest.js';
import type { GetNodeResponse as _xnet_v1_GetNodeResponse, GetNodeResponse__Output as _xnet_v1_GetNodeResponse__Output } from './xnet/v1/GetNodeResponse.js';
import type { GetPoolRequest as _xnet_v1_GetPoolRequest, GetPoolRequest__Output as _xnet_v1_GetPoolRequest__Output } from './xnet/v1/GetPoolRequest.js';
import type { GetPoolResponse as _xnet_v1_GetPoolResponse, GetPoolResponse__Output as _xnet_v1_GetPoolResponse__Output } from './xnet/v1/GetPoolResponse.js';
import type { GetStatusRequest as _xnet_v1_GetStatusRequest, GetStatusRequest__Output as _xnet_v1_GetStatusRequest__Output } from './xnet/v1/GetStatusRequest.js';
import type { GetStatusResponse as _xnet_v1_GetStatusResponse, GetStatusResponse__Output as _xnet_v1_GetStatusResponse__Output } from './xnet/v1/GetStatusResponse.js';
import type { HeldRoutes as _xnet_v1_HeldRoutes, HeldRoutes__Output as _xnet_v1_HeldRoutes__Output } from './xnet/v1/HeldRoutes.js';
import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from './xnet/v1/HostNetwork.js';
import type { InitRequest as _xnet_v1_InitRequest, InitRequest__Output as _xnet_v1_InitRequest__Output } from './xnet/v1/InitRequest.js';
import type { InitResponse as _xnet_v1_InitResponse, InitResponse__Output as _xnet_v1_InitResponse__Output } from './xnet/v1/InitResponse.js';
import type { IssueCertificateRequest as _xnet_v1_IssueCertificateRequest, IssueCertificateRequest__Output as _xnet_v1_IssueCertificateRequest__Output } from './xnet/v1/IssueCertificateRequest.js';
import type { IssueCertificateResponse as _xnet_v1_IssueCertificateResponse, IssueCertificateResponse__Output as _xnet_v1_IssueCertificateResponse__Output } from './xnet/v1/IssueCertificateResponse.js';
import type { JoinToken as _xnet_v1_JoinToken, JoinToken__Output as _xnet_v1_JoinToken__Output } from './xnet/v1/JoinToken.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from './xnet/v1/Lan.js';
import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from './xnet/v1/Lease.js';
import type { LeaseUse as _xnet_v1_LeaseUse, LeaseUse__Output as _xnet_v1_LeaseUse__Output } from './xnet/v1/LeaseUse.js';
import type { ListAuditRequest as _xnet_v1_ListAuditRequest, ListAuditRequest__Output as _xnet_v1_ListAuditRequest__Output } from './xnet/v1/ListAuditRequest.js';
import type { ListAuditResponse as _xnet_v1_ListAuditResponse, ListAuditResponse__Output as _xnet_v1_ListAuditResponse__Output } from './xnet/v1/ListAuditResponse.js';
import type { ListCertificatesRequest as _xnet_v1_ListCertificatesRequest, ListCertificatesRequest__Output as _xnet_v1_ListCertificatesRequest__Output } from './xnet/v1/ListCertificatesRequest.js';
import type { ListCertificatesResponse as _xnet_v1_ListCertificatesResponse, ListCertificatesResponse__Output as _xnet_v1_ListCertificatesResponse__Output } from './xnet/v1/ListCertificatesResponse.js';
import type { ListEventsRequest as _xnet_v1_ListEventsRequest, ListEventsRequest__Output as _xnet_v1_ListEventsRequest__Output } from './xnet/v1/ListEventsRequest.js';
import type { ListEventsResponse as _xnet_v1_ListEventsResponse, ListEventsResponse__Output as _xnet_v1_ListEventsResponse__Output } from './xnet/v1/ListEventsResponse.js';
import type { ListNodesRequest as _xnet_v1_ListNodesRequest, ListNodesRequest__Output as _xnet_v1_ListNodesRequest__Output } from './xnet/v1/ListNodesRequest.js';
import type { ListNodesResponse as _xnet_v1_ListNodesResponse, ListNodesResponse__Output as _xnet_v1_ListNodesResponse__Output } from './xnet/v1/ListNodesResponse.js';
import type { ListPoolsRequest as _xnet_v1_ListPoolsRequest, ListPoolsRequest__Output as _xnet_v1_ListPoolsRequest__Output } from './xnet/v1/ListPoolsRequest.js';
import type { ListPoolsResponse as _xnet_v1_ListPoolsResponse, ListPoolsResponse__Output as _xnet_v1_ListPoolsResponse__Output } from './xnet/v1/ListPoolsResponse.js';
import type { ListRoutesRequest as _xnet_v1_ListRoutesRequest, ListRoutesRequest__Output as _xnet_v1_ListRoutesRequest__Output } from './xnet/v1/ListRoutesRequest.js';
import type { ListRoutesResponse as _xnet_v1_ListRoutesResponse, ListRoutesResponse__Output as _xnet_v1_ListRoutesResponse__Output } from './xnet/v1/ListRoutesResponse.js';
import type { ListSubnetsRequest as _xnet_v1_ListSubnetsRequest, ListSubnetsRequest__Output as _xnet_v1_ListSubnetsRequest__Output } from './xnet/v1/ListSubnetsRequest.js';
import type { ListSubnetsResponse as _xnet_v1_ListSubnetsResponse, ListSubnetsResponse__Output as _xnet_v1_ListSubnetsResponse__Output } from './xnet/v1/ListSubnetsResponse.js';
import type { ListTokensRequest as _xnet_v1_ListTokensRequest, ListTokensRequest__Output as _xnet_v1_ListTokensRequest__Output } from './xnet/v1/ListTokensRequest.js';
import type { ListTokensResponse as _xnet_v1_ListTokensResponse, ListTokensResponse__Output as _xnet_v1_ListTokensResponse__Output } from './xnet/v1/ListTokensResponse.js';
import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from './xnet/v1/Nic.js';
import type { NicList as _xnet_v1_NicList, NicList__Output as _xnet_v1_NicList__Output } from './xnet/v1/NicList.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from './xnet/v1/NicUse.js';
import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from './xnet/v1/Node.js';
import type { NodeCounts as _xnet_v1_NodeCounts, NodeCounts__Output as _xnet_v1_NodeCounts__Output } from './xnet/v1/NodeCounts.js';
import type { Permit as _xnet_v1_Permit, Permit__Output as _xnet_v1_Permit__Output } from './xnet/v1/Permit.js';
import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from './xnet/v1/Pool.js';
import type { PoolUsage as _xnet_v1_PoolUsage, PoolUsage__Output as _xnet_v1_PoolUsage__Output } from './xnet/v1/PoolUsage.js';
import type { Problem as _xnet_v1_Problem, Problem__Output as _xnet_v1_Problem__Output } from './xnet/v1/Problem.js';
import type { ReleaseSubnetRequest as _xnet_v1_ReleaseSubnetRequest, ReleaseSubnetRequest__Output as _xnet_v1_ReleaseSubnetRequest__Output } from './xnet/v1/ReleaseSubnetRequest.js';
import type { ReleaseSubnetResponse as _xnet_v1_ReleaseSubnetResponse, ReleaseSubnetResponse__Output as _xnet_v1_ReleaseSubnetResponse__Output } from './xnet/v1/ReleaseSubnetResponse.js';
import type { RemoveControllerRequest as _xnet_v1_RemoveControllerRequest, RemoveControllerRequest__Output as _xnet_v1_RemoveControllerRequest__Output } from './xnet/v1/RemoveControllerRequest.js';
import type { RemoveControllerResponse as _xnet_v1_RemoveControllerResponse, RemoveControllerResponse__Output as _xnet_v1_RemoveControllerResponse__Output } from './xnet/v1/RemoveControllerResponse.js';
import type { RemoveNodeRequest as _xnet_v1_RemoveNodeRequest, RemoveNodeRequest__Output as _xnet_v1_RemoveNodeRequest__Output } from './xnet/v1/RemoveNodeRequest.js';
import type { RemoveNodeResponse as _xnet_v1_RemoveNodeResponse, RemoveNodeResponse__Output as _xnet_v1_RemoveNodeResponse__Output } from './xnet/v1/RemoveNodeResponse.js';
import type { RemovePoolRequest as _xnet_v1_RemovePoolRequest, RemovePoolRequest__Output as _xnet_v1_RemovePoolRequest__Output } from './xnet/v1/RemovePoolRequest.js';
import type { RemovePoolResponse as _xnet_v1_RemovePoolResponse, RemovePoolResponse__Output as _xnet_v1_RemovePoolResponse__Output } from './xnet/v1/RemovePoolResponse.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from './xnet/v1/Reservation.js';
import type { ReserveSubnetRequest as _xnet_v1_ReserveSubnetRequest, ReserveSubnetRequest__Output as _xnet_v1_ReserveSubnetRequest__Output } from './xnet/v1/ReserveSubnetRequest.js';
import type { ReserveSubnetResponse as _xnet_v1_ReserveSubnetResponse, ReserveSubnetResponse__Output as _xnet_v1_ReserveSubnetResponse__Output } from './xnet/v1/ReserveSubnetResponse.js';
import type { RevokeCertificateRequest as _xnet_v1_RevokeCertificateRequest, RevokeCertificateRequest__Output as _xnet_v1_RevokeCertificateRequest__Output } from './xnet/v1/RevokeCertificateRequest.js';
import type { RevokeCertificateResponse as _xnet_v1_RevokeCertificateResponse, RevokeCertificateResponse__Output as _xnet_v1_RevokeCertificateResponse__Output } from './xnet/v1/RevokeCertificateResponse.js';
import type { RevokeNodeRequest as _xnet_v1_RevokeNodeRequest, RevokeNodeRequest__Output as _xnet_v1_RevokeNodeRequest__Output } from './xnet/v1/RevokeNodeRequest.js';
import type { RevokeNodeResponse as _xnet_v1_RevokeNodeResponse, RevokeNodeResponse__Output as _xnet_v1_RevokeNodeResponse__Output } from './xnet/v1/RevokeNodeResponse.js';
import type { RevokeTokenRequest as _xnet_v1_RevokeTokenRequest, RevokeTokenRequest__Output as _xnet_v1_RevokeTokenRequest__Output } from './xnet/v1/RevokeTokenRequest.js';
import type { RevokeTokenResponse as _xnet_v1_RevokeTokenResponse, RevokeTokenResponse__Output as _xnet_v1_RevokeTokenResponse__Output } from './xnet/v1/RevokeTokenResponse.js';
import type { RotateAuthorityRequest as _xnet_v1_RotateAuthorityRequest, RotateAuthorityRequest__Output as _xnet_v1_RotateAuthorityRequest__Output } from './xnet/v1/RotateAuthorityRequest.js';
import type { RotationProgress as _xnet_v1_RotationProgress, RotationProgress__Output as _xnet_v1_RotationProgress__Output } from './xnet/v1/RotationProgress.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from './xnet/v1/RouteCounts.js';
import type { RouteEntry as _xnet_v1_RouteEntry, RouteEntry__Output as _xnet_v1_RouteEntry__Output } from './xnet/v1/RouteEntry.js';
import type { SetNodeRequest as _xnet_v1_SetNodeRequest, SetNodeRequest__Output as _xnet_v1_SetNodeRequest__Output } from './xnet/v1/SetNodeRequest.js';
import type { SetNodeResponse as _xnet_v1_SetNodeResponse, SetNodeResponse__Output as _xnet_v1_SetNodeResponse__Output } from './xnet/v1/SetNodeResponse.js';
import type { StoreStatus as _xnet_v1_StoreStatus, StoreStatus__Output as _xnet_v1_StoreStatus__Output } from './xnet/v1/StoreStatus.js';
import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from './xnet/v1/Subnet.js';
import type { Token as _xnet_v1_Token, Token__Output as _xnet_v1_Token__Output } from './xnet/v1/Token.js';
import type { UndecodableKey as _xnet_v1_UndecodableKey, UndecodableKey__Output as _xnet_v1_UndecodableKey__Output } from './xnet/v1/UndecodableKey.js';
import type { UnreserveSubnetRequest as _xnet_v1_UnreserveSubnetRequest, UnreserveSubnetRequest__Output as _xnet_v1_UnreserveSubnetRequest__Output } from './xnet/v1/UnreserveSubnetRequest.js';
import type { UnreserveSubnetResponse as _xnet_v1_UnreserveSubnetResponse, UnreserveSubnetResponse__Output as _xnet_v1_UnreserveSubnetResponse__Output } from './xnet/v1/UnreserveSubnetResponse.js';
import type { VerifyAuditRequest as _xnet_v1_VerifyAuditRequest, VerifyAuditRequest__Output as _xnet_v1_VerifyAuditRequest__Output } from './xnet/v1/VerifyAuditRequest.js';
import type { VerifyAuditResponse as _xnet_v1_VerifyAuditResponse, VerifyAuditResponse__Output as _xnet_v1_VerifyAuditResponse__Output } from './xnet/v1/VerifyAuditResponse.js';
import type { WatchConvergenceRequest as _xnet_v1_WatchConvergenceRequest, WatchConvergenceRequest__Output as _xnet_v1_WatchConvergenceRequest__Output } from './xnet/v1/WatchConvergenceRequest.js';

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
      AddNodeRequest: MessageTypeDefinition<_xnet_v1_AddNodeRequest, _xnet_v1_AddNodeRequest__Output>
      AddNodeResponse: MessageTypeDefinition<_xnet_v1_AddNodeResponse, _xnet_v1_AddNodeResponse__Output>
      AdminService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_AdminServiceClient> & { service: _xnet_v1_AdminServiceDefinition }
      AdoptedHost: MessageTypeDefinition<_xnet_v1_AdoptedHost, _xnet_v1_AdoptedHost__Output>
      AuditEntry: MessageTypeDefinition<_xnet_v1_AuditEntry, _xnet_v1_AuditEntry__Output>
      Authority: MessageTypeDefinition<_xnet_v1_Authority, _xnet_v1_Authority__Output>
      Availability: EnumTypeDefinition
      Certificate: MessageTypeDefinition<_xnet_v1_Certificate, _xnet_v1_Certificate__Output>
      Condition: MessageTypeDefinition<_xnet_v1_Condition, _xnet_v1_Condition__Output>
      ContainerUse: MessageTypeDefinition<_xnet_v1_ContainerUse, _xnet_v1_ContainerUse__Output>
      ControllerStatus: MessageTypeDefinition<_xnet_v1_ControllerStatus, _xnet_v1_ControllerStatus__Output>
      Convergence: MessageTypeDefinition<_xnet_v1_Convergence, _xnet_v1_Convergence__Output>
      CreatePoolRequest: MessageTypeDefinition<_xnet_v1_CreatePoolRequest, _xnet_v1_CreatePoolRequest__Output>
      CreatePoolResponse: MessageTypeDefinition<_xnet_v1_CreatePoolResponse, _xnet_v1_CreatePoolResponse__Output>
      CreateTokenRequest: MessageTypeDefinition<_xnet_v1_CreateTokenRequest, _xnet_v1_CreateTokenRequest__Output>
      CreateTokenResponse: MessageTypeDefinition<_xnet_v1_CreateTokenResponse, _xnet_v1_CreateTokenResponse__Output>
      Drain: MessageTypeDefinition<_xnet_v1_Drain, _xnet_v1_Drain__Output>
      Event: MessageTypeDefinition<_xnet_v1_Event, _xnet_v1_Event__Output>
      GetAuthorityRequest: MessageTypeDefinition<_xnet_v1_GetAuthorityRequest, _xnet_v1_GetAuthorityRequest__Output>
      GetAuthorityResponse: MessageTypeDefinition<_xnet_v1_GetAuthorityResponse, _xnet_v1_GetAuthorityResponse__Output>
      GetNodeRequest: MessageTypeDefinition<_xnet_v1_GetNodeRequest, _xnet_v1_GetNodeRequest__Output>
      GetNodeResponse: MessageTypeDefinition<_xnet_v1_GetNodeResponse, _xnet_v1_GetNodeResponse__Output>
      GetPoolRequest: MessageTypeDefinition<_xnet_v1_GetPoolRequest, _xnet_v1_GetPoolRequest__Output>
      GetPoolResponse: MessageTypeDefinition<_xnet_v1_GetPoolResponse, _xnet_v1_GetPoolResponse__Output>
      GetStatusRequest: MessageTypeDefinition<_xnet_v1_GetStatusRequest, _xnet_v1_GetStatusRequest__Output>
      GetStatusResponse: MessageTypeDefinition<_xnet_v1_GetStatusResponse, _xnet_v1_GetStatusResponse__Output>
      HeldRoutes: MessageTypeDefinition<_xnet_v1_HeldRoutes, _xnet_v1_HeldRoutes__Output>
      HostNetwork: MessageTypeDefinition<_xnet_v1_HostNetwork, _xnet_v1_HostNetwork__Output>
      InitRequest: MessageTypeDefinition<_xnet_v1_InitRequest, _xnet_v1_InitRequest__Output>
      InitResponse: MessageTypeDefinition<_xnet_v1_InitResponse, _xnet_v1_InitResponse__Output>
      IssueCertificateRequest: MessageTypeDefinition<_xnet_v1_IssueCertificateRequest, _xnet_v1_IssueCertificateRequest__Output>
      IssueCertificateResponse: MessageTypeDefinition<_xnet_v1_IssueCertificateResponse, _xnet_v1_IssueCertificateResponse__Output>
      JoinToken: MessageTypeDefinition<_xnet_v1_JoinToken, _xnet_v1_JoinToken__Output>
      Lan: MessageTypeDefinition<_xnet_v1_Lan, _xnet_v1_Lan__Output>
      Lease: MessageTypeDefinition<_xnet_v1_Lease, _xnet_v1_Lease__Output>
      LeaseState: EnumTypeDefinition
      LeaseUse: MessageTypeDefinition<_xnet_v1_LeaseUse, _xnet_v1_LeaseUse__Output>
      ListAuditRequest: MessageTypeDefinition<_xnet_v1_ListAuditRequest, _xnet_v1_ListAuditRequest__Output>
      ListAuditResponse: MessageTypeDefinition<_xnet_v1_ListAuditResponse, _xnet_v1_ListAuditResponse__Output>
      ListCertificatesRequest: MessageTypeDefinition<_xnet_v1_ListCertificatesRequest, _xnet_v1_ListCertificatesRequest__Output>
      ListCertificatesResponse: MessageTypeDefinition<_xnet_v1_ListCertificatesResponse, _xnet_v1_ListCertificatesResponse__Output>
      ListEventsRequest: MessageTypeDefinition<_xnet_v1_ListEventsRequest, _xnet_v1_ListEventsRequest__Output>
      ListEventsResponse: MessageTypeDefinition<_xnet_v1_ListEventsResponse, _xnet_v1_ListEventsResponse__Output>
      ListNodesRequest: MessageTypeDefinition<_xnet_v1_ListNodesRequest, _xnet_v1_ListNodesRequest__Output>
      ListNodesResponse: MessageTypeDefinition<_xnet_v1_ListNodesResponse, _xnet_v1_ListNodesResponse__Output>
      ListPoolsRequest: MessageTypeDefinition<_xnet_v1_ListPoolsRequest, _xnet_v1_ListPoolsRequest__Output>
      ListPoolsResponse: MessageTypeDefinition<_xnet_v1_ListPoolsResponse, _xnet_v1_ListPoolsResponse__Output>
      ListRoutesRequest: MessageTypeDefinition<_xnet_v1_ListRoutesRequest, _xnet_v1_ListRoutesRequest__Output>
      ListRoutesResponse: MessageTypeDefinition<_xnet_v1_ListRoutesResponse, _xnet_v1_ListRoutesResponse__Output>
      ListSubnetsRequest: MessageTypeDefinition<_xnet_v1_ListSubnetsRequest, _xnet_v1_ListSubnetsRequest__Output>
      ListSubnetsResponse: MessageTypeDefinition<_xnet_v1_ListSubnetsResponse, _xnet_v1_ListSubnetsResponse__Output>
      ListTokensRequest: MessageTypeDefinition<_xnet_v1_ListTokensRequest, _xnet_v1_ListTokensRequest__Output>
      ListTokensResponse: MessageTypeDefinition<_xnet_v1_ListTokensResponse, _xnet_v1_ListTokensResponse__Output>
      Mode: EnumTypeDefinition
      Nic: MessageTypeDefinition<_xnet_v1_Nic, _xnet_v1_Nic__Output>
      NicList: MessageTypeDefinition<_xnet_v1_NicList, _xnet_v1_NicList__Output>
      NicUse: MessageTypeDefinition<_xnet_v1_NicUse, _xnet_v1_NicUse__Output>
      Node: MessageTypeDefinition<_xnet_v1_Node, _xnet_v1_Node__Output>
      NodeCounts: MessageTypeDefinition<_xnet_v1_NodeCounts, _xnet_v1_NodeCounts__Output>
      NodeState: EnumTypeDefinition
      Permit: MessageTypeDefinition<_xnet_v1_Permit, _xnet_v1_Permit__Output>
      Pool: MessageTypeDefinition<_xnet_v1_Pool, _xnet_v1_Pool__Output>
      PoolUsage: MessageTypeDefinition<_xnet_v1_PoolUsage, _xnet_v1_PoolUsage__Output>
      Problem: MessageTypeDefinition<_xnet_v1_Problem, _xnet_v1_Problem__Output>
      ReleaseSubnetRequest: MessageTypeDefinition<_xnet_v1_ReleaseSubnetRequest, _xnet_v1_ReleaseSubnetRequest__Output>
      ReleaseSubnetResponse: MessageTypeDefinition<_xnet_v1_ReleaseSubnetResponse, _xnet_v1_ReleaseSubnetResponse__Output>
      RemoveControllerRequest: MessageTypeDefinition<_xnet_v1_RemoveControllerRequest, _xnet_v1_RemoveControllerRequest__Output>
      RemoveControllerResponse: MessageTypeDefinition<_xnet_v1_RemoveControllerResponse, _xnet_v1_RemoveControllerResponse__Output>
      RemoveNodeRequest: MessageTypeDefinition<_xnet_v1_RemoveNodeRequest, _xnet_v1_RemoveNodeRequest__Output>
      RemoveNodeResponse: MessageTypeDefinition<_xnet_v1_RemoveNodeResponse, _xnet_v1_RemoveNodeResponse__Output>
      RemovePoolRequest: MessageTypeDefinition<_xnet_v1_RemovePoolRequest, _xnet_v1_RemovePoolRequest__Output>
      RemovePoolResponse: MessageTypeDefinition<_xnet_v1_RemovePoolResponse, _xnet_v1_RemovePoolResponse__Output>
      Reservation: MessageTypeDefinition<_xnet_v1_Reservation, _xnet_v1_Reservation__Output>
      ReserveSubnetRequest: MessageTypeDefinition<_xnet_v1_ReserveSubnetRequest, _xnet_v1_ReserveSubnetRequest__Output>
      ReserveSubnetResponse: MessageTypeDefinition<_xnet_v1_ReserveSubnetResponse, _xnet_v1_ReserveSubnetResponse__Output>
      RevokeCertificateRequest: MessageTypeDefinition<_xnet_v1_RevokeCertificateRequest, _xnet_v1_RevokeCertificateRequest__Output>
      RevokeCertificateResponse: MessageTypeDefinition<_xnet_v1_RevokeCertificateResponse, _xnet_v1_RevokeCertificateResponse__Output>
      RevokeNodeRequest: MessageTypeDefinition<_xnet_v1_RevokeNodeRequest, _xnet_v1_RevokeNodeRequest__Output>
      RevokeNodeResponse: MessageTypeDefinition<_xnet_v1_RevokeNodeResponse, _xnet_v1_RevokeNodeResponse__Output>
      RevokeTokenRequest: MessageTypeDefinition<_xnet_v1_RevokeTokenRequest, _xnet_v1_RevokeTokenRequest__Output>
      RevokeTokenResponse: MessageTypeDefinition<_xnet_v1_RevokeTokenResponse, _xnet_v1_RevokeTokenResponse__Output>
      RotateAuthorityRequest: MessageTypeDefinition<_xnet_v1_RotateAuthorityRequest, _xnet_v1_RotateAuthorityRequest__Output>
      RotationProgress: MessageTypeDefinition<_xnet_v1_RotationProgress, _xnet_v1_RotationProgress__Output>
      RouteCounts: MessageTypeDefinition<_xnet_v1_RouteCounts, _xnet_v1_RouteCounts__Output>
      RouteEntry: MessageTypeDefinition<_xnet_v1_RouteEntry, _xnet_v1_RouteEntry__Output>
      SetNodeRequest: MessageTypeDefinition<_xnet_v1_SetNodeRequest, _xnet_v1_SetNodeRequest__Output>
      SetNodeResponse: MessageTypeDefinition<_xnet_v1_SetNodeResponse, _xnet_v1_SetNodeResponse__Output>
      StoreStatus: MessageTypeDefinition<_xnet_v1_StoreStatus, _xnet_v1_StoreStatus__Output>
      Subnet: MessageTypeDefinition<_xnet_v1_Subnet, _xnet_v1_Subnet__Output>
      SubnetState: EnumTypeDefinition
      Token: MessageTypeDefinition<_xnet_v1_Token, _xnet_v1_Token__Output>
      UndecodableKey: MessageTypeDefinition<_xnet_v1_UndecodableKey, _xnet_v1_UndecodableKey__Output>
      UnreserveSubnetRequest: MessageTypeDefinition<_xnet_v1_UnreserveSubnetRequest, _xnet_v1_UnreserveSubnetRequest__Output>
      UnreserveSubnetResponse: MessageTypeDefinition<_xnet_v1_UnreserveSubnetResponse, _xnet_v1_UnreserveSubnetResponse__Output>
      VerifyAuditRequest: MessageTypeDefinition<_xnet_v1_VerifyAuditRequest, _xnet_v1_VerifyAuditRequest__Output>
      VerifyAuditResponse: MessageTypeDefinition<_xnet_v1_VerifyAuditResponse, _xnet_v1_VerifyAuditResponse__Output>
      WatchConvergenceRequest: MessageTypeDefinition<_xnet_v1_WatchConvergenceRequest, _xnet_v1_WatchConvergenceRequest__Output>
    }
  }
}

