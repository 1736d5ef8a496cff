import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AdoptedHost as _xnet_v1_AdoptedHost, AdoptedHost__Output as _xnet_v1_AdoptedHost__Output } from './xnet/v1/AdoptedHost.js';
import type { AuditEntry as _xnet_v1_AuditEntry, AuditEntry__Output as _xnet_v1_AuditEntry__Output } from './xnet/v1/AuditEntry.js';
import type { Authority as _xnet_v1_Authority, Authority__Output as _xnet_v1_Authority__Output } from './xnet/v1/Authority.js';
import type { Certificate as _xnet_v1_Certificate, Certificate__Output as _xnet_v1_Certificate__Output } from './xnet/v1/Certificate.js';
import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from './xnet/v1/Condition.js';
import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from './xnet/v1/ContainerUse.js';
import type { CreateTokenRequest as _xnet_v1_CreateTokenRequest, CreateTokenRequest__Output as _xnet_v1_CreateTokenRequest__Output } from './xnet/v1/CreateTokenRequest.js';
import type { CreateTokenResponse as _xnet_v1_CreateTokenResponse, CreateTokenResponse__Output as _xnet_v1_CreateTokenResponse__Output } from './xnet/v1/CreateTokenResponse.js';
import type { Drain as _xnet_v1_Drain, Drain__Output as _xnet_v1_Drain__Output } from './xnet/v1/Drain.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from './xnet/v1/Event.js';
import type { GetAuthorityRequest as _xnet_v1_GetAuthorityRequest, GetAuthorityRequest__Output as _xnet_v1_GetAuthorityRequest__Output } from './xnet/v1/GetAuthorityRequest.js';
import type { GetAuthorityResponse as _xnet_v1_GetAuthorityResponse, GetAuthorityResponse__Output as _xnet_v1_GetAuthorityResponse__Output } from './xnet/v1/GetAuthorityResponse.js';
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
import type { ListTokensRequest as _xnet_v1_ListTokensRequest, ListTokensRequest__Output as _xnet_v1_ListTokensRequest__Output } from './xnet/v1/ListTokensRequest.js';
import type { ListTokensResponse as _xnet_v1_ListTokensResponse, ListTokensResponse__Output as _xnet_v1_ListTokensResponse__Output } from './xnet/v1/ListTokensResponse.js';
import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from './xnet/v1/Nic.js';
import type { NicList as _xnet_v1_NicList, NicList__Output as _xnet_v1_NicList__Output } from './xnet/v1/NicList.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from './xnet/v1/NicUse.js';
import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from './xnet/v1/Node.js';
import type { Permit as _xnet_v1_Permit, Permit__Output as _xnet_v1_Permit__Output } from './xnet/v1/Permit.js';
import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from './xnet/v1/Pool.js';
import type { PoolUsage as _xnet_v1_PoolUsage, PoolUsage__Output as _xnet_v1_PoolUsage__Output } from './xnet/v1/PoolUsage.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from './xnet/v1/Reservation.js';
import type { RevokeCertificateRequest as _xnet_v1_RevokeCertificateRequest, RevokeCertificateRequest__Output as _xnet_v1_RevokeCertificateRequest__Output } from './xnet/v1/RevokeCertificateRequest.js';
import type { RevokeCertificateResponse as _xnet_v1_RevokeCertificateResponse, RevokeCertificateResponse__Output as _xnet_v1_RevokeCertificateResponse__Output } from './xnet/v1/RevokeCertificateResponse.js';
import type { RevokeNodeRequest as _xnet_v1_RevokeNodeRequest, RevokeNodeRequest__Output as _xnet_v1_RevokeNodeRequest__Output } from './xnet/v1/RevokeNodeRequest.js';
import type { RevokeNodeResponse as _xnet_v1_RevokeNodeResponse, RevokeNodeResponse__Output as _xnet_v1_RevokeNodeResponse__Output } from './xnet/v1/RevokeNodeResponse.js';
import type { RevokeTokenRequest as _xnet_v1_RevokeTokenRequest, RevokeTokenRequest__Output as _xnet_v1_RevokeTokenRequest__Output } from './xnet/v1/RevokeTokenRequest.js';
import type { RevokeTokenResponse as _xnet_v1_RevokeTokenResponse, RevokeTokenResponse__Output as _xnet_v1_RevokeTokenResponse__Output } from './xnet/v1/RevokeTokenResponse.js';
import type { RotateAuthorityRequest as _xnet_v1_RotateAuthorityRequest, RotateAuthorityRequest__Output as _xnet_v1_RotateAuthorityRequest__Output } from './xnet/v1/RotateAuthorityRequest.js';
import type { RotationProgress as _xnet_v1_RotationProgress, RotationProgress__Output as _xnet_v1_RotationProgress__Output } from './xnet/v1/RotationProgress.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from './xnet/v1/RouteCounts.js';
import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from './xnet/v1/Subnet.js';
import type { Token as _xnet_v1_Token, Token__Output as _xnet_v1_Token__Output } from './xnet/v1/Token.js';
import type { VerifyAuditRequest as _xnet_v1_VerifyAuditRequest, VerifyAuditRequest__Output as _xnet_v1_VerifyAuditRequest__Output } from './xnet/v1/VerifyAuditRequest.js';
import type { VerifyAuditResponse as _xnet_v1_VerifyAuditResponse, VerifyAuditResponse__Output as _xnet_v1_VerifyAuditResponse__Output } from './xnet/v1/VerifyAuditResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  xnet: {
    v1: {
      AdoptedHost: MessageTypeDefinition<_xnet_v1_AdoptedHost, _xnet_v1_AdoptedHost__Output>
      AuditEntry: MessageTypeDefinition<_xnet_v1_AuditEntry, _xnet_v1_AuditEntry__Output>
      Authority: MessageTypeDefinition<_xnet_v1_Authority, _xnet_v1_Authority__Output>
      Availability: EnumTypeDefinition
      Certificate: MessageTypeDefinition<_xnet_v1_Certificate, _xnet_v1_Certificate__Output>
      Condition: MessageTypeDefinition<_xnet_v1_Condition, _xnet_v1_Condition__Output>
      ContainerUse: MessageTypeDefinition<_xnet_v1_ContainerUse, _xnet_v1_ContainerUse__Output>
      CreateTokenRequest: MessageTypeDefinition<_xnet_v1_CreateTokenRequest, _xnet_v1_CreateTokenRequest__Output>
      CreateTokenResponse: MessageTypeDefinition<_xnet_v1_CreateTokenResponse, _xnet_v1_CreateTokenResponse__Output>
      Drain: MessageTypeDefinition<_xnet_v1_Drain, _xnet_v1_Drain__Output>
      Event: MessageTypeDefinition<_xnet_v1_Event, _xnet_v1_Event__Output>
      GetAuthorityRequest: MessageTypeDefinition<_xnet_v1_GetAuthorityRequest, _xnet_v1_GetAuthorityRequest__Output>
      GetAuthorityResponse: MessageTypeDefinition<_xnet_v1_GetAuthorityResponse, _xnet_v1_GetAuthorityResponse__Output>
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
      ListTokensRequest: MessageTypeDefinition<_xnet_v1_ListTokensRequest, _xnet_v1_ListTokensRequest__Output>
      ListTokensResponse: MessageTypeDefinition<_xnet_v1_ListTokensResponse, _xnet_v1_ListTokensResponse__Output>
      Mode: EnumTypeDefinition
      Nic: MessageTypeDefinition<_xnet_v1_Nic, _xnet_v1_Nic__Output>
      NicList: MessageTypeDefinition<_xnet_v1_NicList, _xnet_v1_NicList__Output>
      NicUse: MessageTypeDefinition<_xnet_v1_NicUse, _xnet_v1_NicUse__Output>
      Node: MessageTypeDefinition<_xnet_v1_Node, _xnet_v1_Node__Output>
      NodeState: EnumTypeDefinition
      Permit: MessageTypeDefinition<_xnet_v1_Permit, _xnet_v1_Permit__Output>
      Pool: MessageTypeDefinition<_xnet_v1_Pool, _xnet_v1_Pool__Output>
      PoolUsage: MessageTypeDefinition<_xnet_v1_PoolUsage, _xnet_v1_PoolUsage__Output>
      Reservation: MessageTypeDefinition<_xnet_v1_Reservation, _xnet_v1_Reservation__Output>
      RevokeCertificateRequest: MessageTypeDefinition<_xnet_v1_RevokeCertificateRequest, _xnet_v1_RevokeCertificateRequest__Output>
      RevokeCertificateResponse: MessageTypeDefinition<_xnet_v1_RevokeCertificateResponse, _xnet_v1_RevokeCertificateResponse__Output>
      RevokeNodeRequest: MessageTypeDefinition<_xnet_v1_RevokeNodeRequest, _xnet_v1_RevokeNodeRequest__Output>
      RevokeNodeResponse: MessageTypeDefinition<_xnet_v1_RevokeNodeResponse, _xnet_v1_RevokeNodeResponse__Output>
      RevokeTokenRequest: MessageTypeDefinition<_xnet_v1_RevokeTokenRequest, _xnet_v1_RevokeTokenRequest__Output>
      RevokeTokenResponse: MessageTypeDefinition<_xnet_v1_RevokeTokenResponse, _xnet_v1_RevokeTokenResponse__Output>
      RotateAuthorityRequest: MessageTypeDefinition<_xnet_v1_RotateAuthorityRequest, _xnet_v1_RotateAuthorityRequest__Output>
      RotationProgress: MessageTypeDefinition<_xnet_v1_RotationProgress, _xnet_v1_RotationProgress__Output>
      RouteCounts: MessageTypeDefinition<_xnet_v1_RouteCounts, _xnet_v1_RouteCounts__Output>
      Subnet: MessageTypeDefinition<_xnet_v1_Subnet, _xnet_v1_Subnet__Output>
      SubnetState: EnumTypeDefinition
      Token: MessageTypeDefinition<_xnet_v1_Token, _xnet_v1_Token__Output>
      VerifyAuditRequest: MessageTypeDefinition<_xnet_v1_VerifyAuditRequest, _xnet_v1_VerifyAuditRequest__Output>
      VerifyAuditResponse: MessageTypeDefinition<_xnet_v1_VerifyAuditResponse, _xnet_v1_VerifyAuditResponse__Output>
    }
  }
}

