// Original file: proto/xnet/v1/admin.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddNodeRequest as _xnet_v1_AddNodeRequest, AddNodeRequest__Output as _xnet_v1_AddNodeRequest__Output } from '../../xnet/v1/AddNodeRequest.js';
import type { AddNodeResponse as _xnet_v1_AddNodeResponse, AddNodeResponse__Output as _xnet_v1_AddNodeResponse__Output } from '../../xnet/v1/AddNodeResponse.js';
import type { Convergence as _xnet_v1_Convergence, Convergence__Output as _xnet_v1_Convergence__Output } from '../../xnet/v1/Convergence.js';
import type { CreatePoolRequest as _xnet_v1_CreatePoolRequest, CreatePoolRequest__Output as _xnet_v1_CreatePoolRequest__Output } from '../../xnet/v1/CreatePoolRequest.js';
import type { CreatePoolResponse as _xnet_v1_CreatePoolResponse, CreatePoolResponse__Output as _xnet_v1_CreatePoolResponse__Output } from '../../xnet/v1/CreatePoolResponse.js';
import type { CreateTokenRequest as _xnet_v1_CreateTokenRequest, CreateTokenRequest__Output as _xnet_v1_CreateTokenRequest__Output } from '../../xnet/v1/CreateTokenRequest.js';
import type { CreateTokenResponse as _xnet_v1_CreateTokenResponse, CreateTokenResponse__Output as _xnet_v1_CreateTokenResponse__Output } from '../../xnet/v1/CreateTokenResponse.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from '../../xnet/v1/Event.js';
import type { GetAuthorityRequest as _xnet_v1_GetAuthorityRequest, GetAuthorityRequest__Output as _xnet_v1_GetAuthorityRequest__Output } from '../../xnet/v1/GetAuthorityRequest.js';
import type { GetAuthorityResponse as _xnet_v1_GetAuthorityResponse, GetAuthorityResponse__Output as _xnet_v1_GetAuthorityResponse__Output } from '../../xnet/v1/GetAuthorityResponse.js';
import type { GetNodeRequest as _xnet_v1_GetNodeRequest, GetNodeRequest__Output as _xnet_v1_GetNodeRequest__Output } from '../../xnet/v1/GetNodeRequest.js';
import type { GetNodeResponse as _xnet_v1_GetNodeResponse, GetNodeResponse__Output as _xnet_v1_GetNodeResponse__Output } from '../../xnet/v1/GetNodeResponse.js';
import type { GetPoolRequest as _xnet_v1_GetPoolRequest, GetPoolRequest__Output as _xnet_v1_GetPoolRequest__Output } from '../../xnet/v1/GetPoolRequest.js';
import type { GetPoolResponse as _xnet_v1_GetPoolResponse, GetPoolResponse__Output as _xnet_v1_GetPoolResponse__Output } from '../../xnet/v1/GetPoolResponse.js';
import type { GetStatusRequest as _xnet_v1_GetStatusRequest, GetStatusRequest__Output as _xnet_v1_GetStatusRequest__Output } from '../../xnet/v1/GetStatusRequest.js';
import type { GetStatusResponse as _xnet_v1_GetStatusResponse, GetStatusResponse__Output as _xnet_v1_GetStatusResponse__Output } from '../../xnet/v1/GetStatusResponse.js';
import type { InitRequest as _xnet_v1_InitRequest, InitRequest__Output as _xnet_v1_InitRequest__Output } from '../../xnet/v1/InitRequest.js';
import type { InitResponse as _xnet_v1_InitResponse, InitResponse__Output as _xnet_v1_InitResponse__Output } from '../../xnet/v1/InitResponse.js';
import type { IssueCertificateRequest as _xnet_v1_IssueCertificateRequest, IssueCertificateRequest__Output as _xnet_v1_IssueCertificateRequest__Output } from '../../xnet/v1/IssueCertificateRequest.js';
import type { IssueCertificateResponse as _xnet_v1_IssueCertificateResponse, IssueCertificateResponse__Output as _xnet_v1_IssueCertificateResponse__Output } from '../../xnet/v1/IssueCertificateResponse.js';
import type { ListAuditRequest as _xnet_v1_ListAuditRequest, ListAuditRequest__Output as _xnet_v1_ListAuditRequest__Output } from '../../xnet/v1/ListAuditRequest.js';
import type { ListAuditResponse as _xnet_v1_ListAuditResponse, ListAuditResponse__Output as _xnet_v1_ListAuditResponse__Output } from '../../xnet/v1/ListAuditResponse.js';
import type { ListCertificatesRequest as _xnet_v1_ListCertificatesRequest, ListCertificatesRequest__Output as _xnet_v1_ListCertificatesRequest__Output } from '../../xnet/v1/ListCertificatesRequest.js';
import type { ListCertificatesResponse as _xnet_v1_ListCertificatesResponse, ListCertificatesResponse__Output as _xnet_v1_ListCertificatesResponse__Output } from '../../xnet/v1/ListCertificatesResponse.js';
import type { ListEventsRequest as _xnet_v1_ListEventsRequest, ListEventsRequest__Output as _xnet_v1_ListEventsRequest__Output } from '../../xnet/v1/ListEventsRequest.js';
import type { ListEventsResponse as _xnet_v1_ListEventsResponse, ListEventsResponse__Output as _xnet_v1_ListEventsResponse__Output } from '../../xnet/v1/ListEventsResponse.js';
import type { ListNodesRequest as _xnet_v1_ListNodesRequest, ListNodesRequest__Output as _xnet_v1_ListNodesRequest__Output } from '../../xnet/v1/ListNodesRequest.js';
import type { ListNodesResponse as _xnet_v1_ListNodesResponse, ListNodesResponse__Output as _xnet_v1_ListNodesResponse__Output } from '../../xnet/v1/ListNodesResponse.js';
import type { ListPoolsRequest as _xnet_v1_ListPoolsRequest, ListPoolsRequest__Output as _xnet_v1_ListPoolsRequest__Output } from '../../xnet/v1/ListPoolsRequest.js';
import type { ListPoolsResponse as _xnet_v1_ListPoolsResponse, ListPoolsResponse__Output as _xnet_v1_ListPoolsResponse__Output } from '../../xnet/v1/ListPoolsResponse.js';
import type { ListRoutesRequest as _xnet_v1_ListRoutesRequest, ListRoutesRequest__Output as _xnet_v1_ListRoutesRequest__Output } from '../../xnet/v1/ListRoutesRequest.js';
import type { ListRoutesResponse as _xnet_v1_ListRoutesResponse, ListRoutesResponse__Output as _xnet_v1_ListRoutesResponse__Output } from '../../xnet/v1/ListRoutesResponse.js';
import type { ListSubnetsRequest as _xnet_v1_ListSubnetsRequest, ListSubnetsRequest__Output as _xnet_v1_ListSubnetsRequest__Output } from '../../xnet/v1/ListSubnetsRequest.js';
import type { ListSubnetsResponse as _xnet_v1_ListSubnetsResponse, ListSubnetsResponse__Output as _xnet_v1_ListSubnetsResponse__Output } from '../../xnet/v1/ListSubnetsResponse.js';
import type { ListTokensRequest as _xnet_v1_ListTokensRequest, ListTokensRequest__Output as _xnet_v1_ListTokensRequest__Output } from '../../xnet/v1/ListTokensRequest.js';
import type { ListTokensResponse as _xnet_v1_ListTokensResponse, ListTokensResponse__Output as _xnet_v1_ListTokensResponse__Output } from '../../xnet/v1/ListTokensResponse.js';
import type { ReleaseSubnetRequest as _xnet_v1_ReleaseSubnetRequest, ReleaseSubnetRequest__Output as _xnet_v1_ReleaseSubnetRequest__Output } from '../../xnet/v1/ReleaseSubnetRequest.js';
import type { ReleaseSubnetResponse as _xnet_v1_ReleaseSubnetResponse, ReleaseSubnetResponse__Output as _xnet_v1_ReleaseSubnetResponse__Output } from '../../xnet/v1/ReleaseSubnetResponse.js';
import type { RemoveControllerRequest as _xnet_v1_RemoveControllerRequest, RemoveControllerRequest__Output as _xnet_v1_RemoveControllerRequest__Output } from '../../xnet/v1/RemoveControllerRequest.js';
import type { RemoveControllerResponse as _xnet_v1_RemoveControllerResponse, RemoveControllerResponse__Output as _xnet_v1_RemoveControllerResponse__Output } from '../../xnet/v1/RemoveControllerResponse.js';
import type { RemoveNodeRequest as _xnet_v1_RemoveNodeRequest, RemoveNodeRequest__Output as _xnet_v1_RemoveNodeRequest__Output } from '../../xnet/v1/RemoveNodeRequest.js';
import type { RemoveNodeResponse as _xnet_v1_RemoveNodeResponse, RemoveNodeResponse__Output as _xnet_v1_RemoveNodeResponse__Output } from '../../xnet/v1/RemoveNodeResponse.js';
import type { RemovePoolRequest as _xnet_v1_RemovePoolRequest, RemovePoolRequest__Output as _xnet_v1_RemovePoolRequest__Output } from '../../xnet/v1/RemovePoolRequest.js';
import type { RemovePoolResponse as _xnet_v1_RemovePoolResponse, RemovePoolResponse__Output as _xnet_v1_RemovePoolResponse__Output } from '../../xnet/v1/RemovePoolResponse.js';
import type { ReserveSubnetRequest as _xnet_v1_ReserveSubnetRequest, ReserveSubnetRequest__Output as _xnet_v1_ReserveSubnetRequest__Output } from '../../xnet/v1/ReserveSubnetRequest.js';
import type { ReserveSubnetResponse as _xnet_v1_ReserveSubnetResponse, ReserveSubnetResponse__Output as _xnet_v1_ReserveSubnetResponse__Output } from '../../xnet/v1/ReserveSubnetResponse.js';
import type { RevokeCertificateRequest as _xnet_v1_RevokeCertificateRequest, RevokeCertificateRequest__Output as _xnet_v1_RevokeCertificateRequest__Output } from '../../xnet/v1/RevokeCertificateRequest.js';
import type { RevokeCertificateResponse as _xnet_v1_RevokeCertificateResponse, RevokeCertificateResponse__Output as _xnet_v1_RevokeCertificateResponse__Output } from '../../xnet/v1/RevokeCertificateResponse.js';
import type { RevokeNodeRequest as _xnet_v1_RevokeNodeRequest, RevokeNodeRequest__Output as _xnet_v1_RevokeNodeRequest__Output } from '../../xnet/v1/RevokeNodeRequest.js';
import type { RevokeNodeResponse as _xnet_v1_RevokeNodeResponse, RevokeNodeResponse__Output as _xnet_v1_RevokeNodeResponse__Output } from '../../xnet/v1/RevokeNodeResponse.js';
import type { RevokeTokenRequest as _xnet_v1_RevokeTokenRequest, RevokeTokenRequest__Output as _xnet_v1_RevokeTokenRequest__Output } from '../../xnet/v1/RevokeTokenRequest.js';
import type { RevokeTokenResponse as _xnet_v1_RevokeTokenResponse, RevokeTokenResponse__Output as _xnet_v1_RevokeTokenResponse__Output } from '../../xnet/v1/RevokeTokenResponse.js';
import type { RotateAuthorityRequest as _xnet_v1_RotateAuthorityRequest, RotateAuthorityRequest__Output as _xnet_v1_RotateAuthorityRequest__Output } from '../../xnet/v1/RotateAuthorityRequest.js';
import type { RotationProgress as _xnet_v1_RotationProgress, RotationProgress__Output as _xnet_v1_RotationProgress__Output } from '../../xnet/v1/RotationProgress.js';
import type { SetNodeRequest as _xnet_v1_SetNodeRequest, SetNodeRequest__Output as _xnet_v1_SetNodeRequest__Output } from '../../xnet/v1/SetNodeRequest.js';
import type { SetNodeResponse as _xnet_v1_SetNodeResponse, SetNodeResponse__Output as _xnet_v1_SetNodeResponse__Output } from '../../xnet/v1/SetNodeResponse.js';
import type { UnreserveSubnetRequest as _xnet_v1_UnreserveSubnetRequest, UnreserveSubnetRequest__Output as _xnet_v1_UnreserveSubnetRequest__Output } from '../../xnet/v1/UnreserveSubnetRequest.js';
import type { UnreserveSubnetResponse as _xnet_v1_UnreserveSubnetResponse, UnreserveSubnetResponse__Output as _xnet_v1_UnreserveSubnetResponse__Output } from '../../xnet/v1/UnreserveSubnetResponse.js';
import type { VerifyAuditRequest as _xnet_v1_VerifyAuditRequest, VerifyAuditRequest__Output as _xnet_v1_VerifyAuditRequest__Output } from '../../xnet/v1/VerifyAuditRequest.js';
import type { VerifyAuditResponse as _xnet_v1_VerifyAuditResponse, VerifyAuditResponse__Output as _xnet_v1_VerifyAuditResponse__Output } from '../../xnet/v1/VerifyAuditResponse.js';
import type { WatchConvergenceRequest as _xnet_v1_WatchConvergenceRequest, WatchConvergenceRequest__Output as _xnet_v1_WatchConvergenceRequest__Output } from '../../xnet/v1/WatchConvergenceRequest.js';

export interface AdminServiceClient extends grpc.Client {
  AddNode(argument: _xnet_v1_AddNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddNodeResponse__Output>): grpc.ClientUnaryCall;
  AddNode(argument: _xnet_v1_AddNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AddNodeResponse__Output>): grpc.ClientUnaryCall;
  AddNode(argument: _xnet_v1_AddNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddNodeResponse__Output>): grpc.ClientUnaryCall;
  AddNode(argument: _xnet_v1_AddNodeRequest, callback: grpc.requestCallback<_xnet_v1_AddNodeResponse__Output>): grpc.ClientUnaryCall;
  addNode(argument: _xnet_v1_AddNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddNodeResponse__Output>): grpc.ClientUnaryCall;
  addNode(argument: _xnet_v1_AddNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_AddNodeResponse__Output>): grpc.ClientUnaryCall;
  addNode(argument: _xnet_v1_AddNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_AddNodeResponse__Output>): grpc.ClientUnaryCall;
  addNode(argument: _xnet_v1_AddNodeRequest, callback: grpc.requestCallback<_xnet_v1_AddNodeResponse__Output>): grpc.ClientUnaryCall;
  
  CreatePool(argument: _xnet_v1_CreatePoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreatePoolResponse__Output>): grpc.ClientUnaryCall;
  CreatePool(argument: _xnet_v1_CreatePoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CreatePoolResponse__Output>): grpc.ClientUnaryCall;
  CreatePool(argument: _xnet_v1_CreatePoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreatePoolResponse__Output>): grpc.ClientUnaryCall;
  CreatePool(argument: _xnet_v1_CreatePoolRequest, callback: grpc.requestCallback<_xnet_v1_CreatePoolResponse__Output>): grpc.ClientUnaryCall;
  createPool(argument: _xnet_v1_CreatePoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreatePoolResponse__Output>): grpc.ClientUnaryCall;
  createPool(argument: _xnet_v1_CreatePoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CreatePoolResponse__Output>): grpc.ClientUnaryCall;
  createPool(argument: _xnet_v1_CreatePoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreatePoolResponse__Output>): grpc.ClientUnaryCall;
  createPool(argument: _xnet_v1_CreatePoolRequest, callback: grpc.requestCallback<_xnet_v1_CreatePoolResponse__Output>): grpc.ClientUnaryCall;
  
  CreateToken(argument: _xnet_v1_CreateTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateTokenResponse__Output>): grpc.ClientUnaryCall;
  CreateToken(argument: _xnet_v1_CreateTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CreateTokenResponse__Output>): grpc.ClientUnaryCall;
  CreateToken(argument: _xnet_v1_CreateTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateTokenResponse__Output>): grpc.ClientUnaryCall;
  CreateToken(argument: _xnet_v1_CreateTokenRequest, callback: grpc.requestCallback<_xnet_v1_CreateTokenResponse__Output>): grpc.ClientUnaryCall;
  createToken(argument: _xnet_v1_CreateTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateTokenResponse__Output>): grpc.ClientUnaryCall;
  createToken(argument: _xnet_v1_CreateTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CreateTokenResponse__Output>): grpc.ClientUnaryCall;
  createToken(argument: _xnet_v1_CreateTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateTokenResponse__Output>): grpc.ClientUnaryCall;
  createToken(argument: _xnet_v1_CreateTokenRequest, callback: grpc.requestCallback<_xnet_v1_CreateTokenResponse__Output>): grpc.ClientUnaryCall;
  
  GetAuthority(argument: _xnet_v1_GetAuthorityRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetAuthorityResponse__Output>): grpc.ClientUnaryCall;
  GetAuthority(argument: _xnet_v1_GetAuthorityRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetAuthorityResponse__Output>): grpc.ClientUnaryCall;
  GetAuthority(argument: _xnet_v1_GetAuthorityRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetAuthorityResponse__Output>): grpc.ClientUnaryCall;
  GetAuthority(argument: _xnet_v1_GetAuthorityRequest, callback: grpc.requestCallback<_xnet_v1_GetAuthorityResponse__Output>): grpc.ClientUnaryCall;
  getAuthority(argument: _xnet_v1_GetAuthorityRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetAuthorityResponse__Output>): grpc.ClientUnaryCall;
  getAuthority(argument: _xnet_v1_GetAuthorityRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetAuthorityResponse__Output>): grpc.ClientUnaryCall;
  getAuthority(argument: _xnet_v1_GetAuthorityRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetAuthorityResponse__Output>): grpc.ClientUnaryCall;
  getAuthority(argument: _xnet_v1_GetAuthorityRequest, callback: grpc.requestCallback<_xnet_v1_GetAuthorityResponse__Output>): grpc.ClientUnaryCall;
  
  GetNode(argument: _xnet_v1_GetNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetNodeResponse__Output>): grpc.ClientUnaryCall;
  GetNode(argument: _xnet_v1_GetNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetNodeResponse__Output>): grpc.ClientUnaryCall;
  GetNode(argument: _xnet_v1_GetNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetNodeResponse__Output>): grpc.ClientUnaryCall;
  GetNode(argument: _xnet_v1_GetNodeRequest, callback: grpc.requestCallback<_xnet_v1_GetNodeResponse__Output>): grpc.ClientUnaryCall;
  getNode(argument: _xnet_v1_GetNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetNodeResponse__Output>): grpc.ClientUnaryCall;
  getNode(argument: _xnet_v1_GetNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetNodeResponse__Output>): grpc.ClientUnaryCall;
  getNode(argument: _xnet_v1_GetNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetNodeResponse__Output>): grpc.ClientUnaryCall;
  getNode(argument: _xnet_v1_GetNodeRequest, callback: grpc.requestCallback<_xnet_v1_GetNodeResponse__Output>): grpc.ClientUnaryCall;
  
  GetPool(argument: _xnet_v1_GetPoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetPoolResponse__Output>): grpc.ClientUnaryCall;
  GetPool(argument: _xnet_v1_GetPoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetPoolResponse__Output>): grpc.ClientUnaryCall;
  GetPool(argument: _xnet_v1_GetPoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetPoolResponse__Output>): grpc.ClientUnaryCall;
  GetPool(argument: _xnet_v1_GetPoolRequest, callback: grpc.requestCallback<_xnet_v1_GetPoolResponse__Output>): grpc.ClientUnaryCall;
  getPool(argument: _xnet_v1_GetPoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetPoolResponse__Output>): grpc.ClientUnaryCall;
  getPool(argument: _xnet_v1_GetPoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetPoolResponse__Output>): grpc.ClientUnaryCall;
  getPool(argument: _xnet_v1_GetPoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetPoolResponse__Output>): grpc.ClientUnaryCall;
  getPool(argument: _xnet_v1_GetPoolRequest, callback: grpc.requestCallback<_xnet_v1_GetPoolResponse__Output>): grpc.ClientUnaryCall;
  
  GetStatus(argument: _xnet_v1_GetStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _xnet_v1_GetStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _xnet_v1_GetStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _xnet_v1_GetStatusRequest, callback: grpc.requestCallback<_xnet_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _xnet_v1_GetStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _xnet_v1_GetStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _xnet_v1_GetStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _xnet_v1_GetStatusRequest, callback: grpc.requestCallback<_xnet_v1_GetStatusResponse__Output>): grpc.ClientUnaryCall;
  
  Init(argument: _xnet_v1_InitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_InitResponse__Output>): grpc.ClientUnaryCall;
  Init(argument: _xnet_v1_InitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_InitResponse__Output>): grpc.ClientUnaryCall;
  Init(argument: _xnet_v1_InitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_InitResponse__Output>): grpc.ClientUnaryCall;
  Init(argument: _xnet_v1_InitRequest, callback: grpc.requestCallback<_xnet_v1_InitResponse__Output>): grpc.ClientUnaryCall;
  init(argument: _xnet_v1_InitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_InitResponse__Output>): grpc.ClientUnaryCall;
  init(argument: _xnet_v1_InitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_InitResponse__Output>): grpc.ClientUnaryCall;
  init(argument: _xnet_v1_InitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_InitResponse__Output>): grpc.ClientUnaryCall;
  init(argument: _xnet_v1_InitRequest, callback: grpc.requestCallback<_xnet_v1_InitResponse__Output>): grpc.ClientUnaryCall;
  
  IssueCertificate(argument: _xnet_v1_IssueCertificateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_IssueCertificateResponse__Output>): grpc.ClientUnaryCall;
  IssueCertificate(argument: _xnet_v1_IssueCertificateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_IssueCertificateResponse__Output>): grpc.ClientUnaryCall;
  IssueCertificate(argument: _xnet_v1_IssueCertificateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_IssueCertificateResponse__Output>): grpc.ClientUnaryCall;
  IssueCertificate(argument: _xnet_v1_IssueCertificateRequest, callback: grpc.requestCallback<_xnet_v1_IssueCertificateResponse__Output>): grpc.ClientUnaryCall;
  issueCertificate(argument: _xnet_v1_IssueCertificateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_IssueCertificateResponse__Output>): grpc.ClientUnaryCall;
  issueCertificate(argument: _xnet_v1_IssueCertificateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_IssueCertificateResponse__Output>): grpc.ClientUnaryCall;
  issueCertificate(argument: _xnet_v1_IssueCertificateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_IssueCertificateResponse__Output>): grpc.ClientUnaryCall;
  issueCertificate(argument: _xnet_v1_IssueCertificateRequest, callback: grpc.requestCallback<_xnet_v1_IssueCertificateResponse__Output>): grpc.ClientUnaryCall;
  
  ListAudit(argument: _xnet_v1_ListAuditRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListAuditResponse__Output>): grpc.ClientUnaryCall;
  ListAudit(argument: _xnet_v1_ListAuditRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListAuditResponse__Output>): grpc.ClientUnaryCall;
  ListAudit(argument: _xnet_v1_ListAuditRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListAuditResponse__Output>): grpc.ClientUnaryCall;
  ListAudit(argument: _xnet_v1_ListAuditRequest, callback: grpc.requestCallback<_xnet_v1_ListAuditResponse__Output>): grpc.ClientUnaryCall;
  listAudit(argument: _xnet_v1_ListAuditRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListAuditResponse__Output>): grpc.ClientUnaryCall;
  listAudit(argument: _xnet_v1_ListAuditRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListAuditResponse__Output>): grpc.ClientUnaryCall;
  listAudit(argument: _xnet_v1_ListAuditRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListAuditResponse__Output>): grpc.ClientUnaryCall;
  listAudit(argument: _xnet_v1_ListAuditRequest, callback: grpc.requestCallback<_xnet_v1_ListAuditResponse__Output>): grpc.ClientUnaryCall;
  
  ListCertificates(argument: _xnet_v1_ListCertificatesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListCertificatesResponse__Output>): grpc.ClientUnaryCall;
  ListCertificates(argument: _xnet_v1_ListCertificatesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListCertificatesResponse__Output>): grpc.ClientUnaryCall;
  ListCertificates(argument: _xnet_v1_ListCertificatesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListCertificatesResponse__Output>): grpc.ClientUnaryCall;
  ListCertificates(argument: _xnet_v1_ListCertificatesRequest, callback: grpc.requestCallback<_xnet_v1_ListCertificatesResponse__Output>): grpc.ClientUnaryCall;
  listCertificates(argument: _xnet_v1_ListCertificatesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListCertificatesResponse__Output>): grpc.ClientUnaryCall;
  listCertificates(argument: _xnet_v1_ListCertificatesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListCertificatesResponse__Output>): grpc.ClientUnaryCall;
  listCertificates(argument: _xnet_v1_ListCertificatesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListCertificatesResponse__Output>): grpc.ClientUnaryCall;
  listCertificates(argument: _xnet_v1_ListCertificatesRequest, callback: grpc.requestCallback<_xnet_v1_ListCertificatesResponse__Output>): grpc.ClientUnaryCall;
  
  ListEvents(argument: _xnet_v1_ListEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListEventsResponse__Output>): grpc.ClientUnaryCall;
  ListEvents(argument: _xnet_v1_ListEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListEventsResponse__Output>): grpc.ClientUnaryCall;
  ListEvents(argument: _xnet_v1_ListEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListEventsResponse__Output>): grpc.ClientUnaryCall;
  ListEvents(argument: _xnet_v1_ListEventsRequest, callback: grpc.requestCallback<_xnet_v1_ListEventsResponse__Output>): grpc.ClientUnaryCall;
  listEvents(argument: _xnet_v1_ListEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListEventsResponse__Output>): grpc.ClientUnaryCall;
  listEvents(argument: _xnet_v1_ListEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListEventsResponse__Output>): grpc.ClientUnaryCall;
  listEvents(argument: _xnet_v1_ListEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListEventsResponse__Output>): grpc.ClientUnaryCall;
  listEvents(argument: _xnet_v1_ListEventsRequest, callback: grpc.requestCallback<_xnet_v1_ListEventsResponse__Output>): grpc.ClientUnaryCall;
  
  ListNodes(argument: _xnet_v1_ListNodesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNodesResponse__Output>): grpc.ClientUnaryCall;
  ListNodes(argument: _xnet_v1_ListNodesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListNodesResponse__Output>): grpc.ClientUnaryCall;
  ListNodes(argument: _xnet_v1_ListNodesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNodesResponse__Output>): grpc.ClientUnaryCall;
  ListNodes(argument: _xnet_v1_ListNodesRequest, callback: grpc.requestCallback<_xnet_v1_ListNodesResponse__Output>): grpc.ClientUnaryCall;
  listNodes(argument: _xnet_v1_ListNodesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNodesResponse__Output>): grpc.ClientUnaryCall;
  listNodes(argument: _xnet_v1_ListNodesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListNodesResponse__Output>): grpc.ClientUnaryCall;
  listNodes(argument: _xnet_v1_ListNodesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNodesResponse__Output>): grpc.ClientUnaryCall;
  listNodes(argument: _xnet_v1_ListNodesRequest, callback: grpc.requestCallback<_xnet_v1_ListNodesResponse__Output>): grpc.ClientUnaryCall;
  
  ListPools(argument: _xnet_v1_ListPoolsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListPoolsResponse__Output>): grpc.ClientUnaryCall;
  ListPools(argument: _xnet_v1_ListPoolsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListPoolsResponse__Output>): grpc.ClientUnaryCall;
  ListPools(argument: _xnet_v1_ListPoolsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListPoolsResponse__Output>): grpc.ClientUnaryCall;
  ListPools(argument: _xnet_v1_ListPoolsRequest, callback: grpc.requestCallback<_xnet_v1_ListPoolsResponse__Output>): grpc.ClientUnaryCall;
  listPools(argument: _xnet_v1_ListPoolsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListPoolsResponse__Output>): grpc.ClientUnaryCall;
  listPools(argument: _xnet_v1_ListPoolsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListPoolsResponse__Output>): grpc.ClientUnaryCall;
  listPools(argument: _xnet_v1_ListPoolsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListPoolsResponse__Output>): grpc.ClientUnaryCall;
  listPools(argument: _xnet_v1_ListPoolsRequest, callback: grpc.requestCallback<_xnet_v1_ListPoolsResponse__Output>): grpc.ClientUnaryCall;
  
  ListRoutes(argument: _xnet_v1_ListRoutesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListRoutesResponse__Output>): grpc.ClientUnaryCall;
  ListRoutes(argument: _xnet_v1_ListRoutesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListRoutesResponse__Output>): grpc.ClientUnaryCall;
  ListRoutes(argument: _xnet_v1_ListRoutesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListRoutesResponse__Output>): grpc.ClientUnaryCall;
  ListRoutes(argument: _xnet_v1_ListRoutesRequest, callback: grpc.requestCallback<_xnet_v1_ListRoutesResponse__Output>): grpc.ClientUnaryCall;
  listRoutes(argument: _xnet_v1_ListRoutesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListRoutesResponse__Output>): grpc.ClientUnaryCall;
  listRoutes(argument: _xnet_v1_ListRoutesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListRoutesResponse__Output>): grpc.ClientUnaryCall;
  listRoutes(argument: _xnet_v1_ListRoutesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListRoutesResponse__Output>): grpc.ClientUnaryCall;
  listRoutes(argument: _xnet_v1_ListRoutesRequest, callback: grpc.requestCallback<_xnet_v1_ListRoutesResponse__Output>): grpc.ClientUnaryCall;
  
  ListSubnets(argument: _xnet_v1_ListSubnetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListSubnetsResponse__Output>): grpc.ClientUnaryCall;
  ListSubnets(argument: _xnet_v1_ListSubnetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListSubnetsResponse__Output>): grpc.ClientUnaryCall;
  ListSubnets(argument: _xnet_v1_ListSubnetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListSubnetsResponse__Output>): grpc.ClientUnaryCall;
  ListSubnets(argument: _xnet_v1_ListSubnetsRequest, callback: grpc.requestCallback<_xnet_v1_ListSubnetsResponse__Output>): grpc.ClientUnaryCall;
  listSubnets(argument: _xnet_v1_ListSubnetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListSubnetsResponse__Output>): grpc.ClientUnaryCall;
  listSubnets(argument: _xnet_v1_ListSubnetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListSubnetsResponse__Output>): grpc.ClientUnaryCall;
  listSubnets(argument: _xnet_v1_ListSubnetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListSubnetsResponse__Output>): grpc.ClientUnaryCall;
  listSubnets(argument: _xnet_v1_ListSubnetsRequest, callback: grpc.requestCallback<_xnet_v1_ListSubnetsResponse__Output>): grpc.ClientUnaryCall;
  
  ListTokens(argument: _xnet_v1_ListTokensRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListTokensResponse__Output>): grpc.ClientUnaryCall;
  ListTokens(argument: _xnet_v1_ListTokensRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListTokensResponse__Output>): grpc.ClientUnaryCall;
  ListTokens(argument: _xnet_v1_ListTokensRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListTokensResponse__Output>): grpc.ClientUnaryCall;
  ListTokens(argument: _xnet_v1_ListTokensRequest, callback: grpc.requestCallback<_xnet_v1_ListTokensResponse__Output>): grpc.ClientUnaryCall;
  listTokens(argument: _xnet_v1_ListTokensRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListTokensResponse__Output>): grpc.ClientUnaryCall;
  listTokens(argument: _xnet_v1_ListTokensRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListTokensResponse__Output>): grpc.ClientUnaryCall;
  listTokens(argument: _xnet_v1_ListTokensRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListTokensResponse__Output>): grpc.ClientUnaryCall;
  listTokens(argument: _xnet_v1_ListTokensRequest, callback: grpc.requestCallback<_xnet_v1_ListTokensResponse__Output>): grpc.ClientUnaryCall;
  
  ReleaseSubnet(argument: _xnet_v1_ReleaseSubnetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReleaseSubnetResponse__Output>): grpc.ClientUnaryCall;
  ReleaseSubnet(argument: _xnet_v1_ReleaseSubnetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReleaseSubnetResponse__Output>): grpc.ClientUnaryCall;
  ReleaseSubnet(argument: _xnet_v1_ReleaseSubnetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReleaseSubnetResponse__Output>): grpc.ClientUnaryCall;
  ReleaseSubnet(argument: _xnet_v1_ReleaseSubnetRequest, callback: grpc.requestCallback<_xnet_v1_ReleaseSubnetResponse__Output>): grpc.ClientUnaryCall;
  releaseSubnet(argument: _xnet_v1_ReleaseSubnetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReleaseSubnetResponse__Output>): grpc.ClientUnaryCall;
  releaseSubnet(argument: _xnet_v1_ReleaseSubnetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReleaseSubnetResponse__Output>): grpc.ClientUnaryCall;
  releaseSubnet(argument: _xnet_v1_ReleaseSubnetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReleaseSubnetResponse__Output>): grpc.ClientUnaryCall;
  releaseSubnet(argument: _xnet_v1_ReleaseSubnetRequest, callback: grpc.requestCallback<_xnet_v1_ReleaseSubnetResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveController(argument: _xnet_v1_RemoveControllerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveControllerResponse__Output>): grpc.ClientUnaryCall;
  RemoveController(argument: _xnet_v1_RemoveControllerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveControllerResponse__Output>): grpc.ClientUnaryCall;
  RemoveController(argument: _xnet_v1_RemoveControllerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveControllerResponse__Output>): grpc.ClientUnaryCall;
  RemoveController(argument: _xnet_v1_RemoveControllerRequest, callback: grpc.requestCallback<_xnet_v1_RemoveControllerResponse__Output>): grpc.ClientUnaryCall;
  removeController(argument: _xnet_v1_RemoveControllerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveControllerResponse__Output>): grpc.ClientUnaryCall;
  removeController(argument: _xnet_v1_RemoveControllerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveControllerResponse__Output>): grpc.ClientUnaryCall;
  removeController(argument: _xnet_v1_RemoveControllerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveControllerResponse__Output>): grpc.ClientUnaryCall;
  removeController(argument: _xnet_v1_RemoveControllerRequest, callback: grpc.requestCallback<_xnet_v1_RemoveControllerResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveNode(argument: _xnet_v1_RemoveNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNodeResponse__Output>): grpc.ClientUnaryCall;
  RemoveNode(argument: _xnet_v1_RemoveNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveNodeResponse__Output>): grpc.ClientUnaryCall;
  RemoveNode(argument: _xnet_v1_RemoveNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNodeResponse__Output>): grpc.ClientUnaryCall;
  RemoveNode(argument: _xnet_v1_RemoveNodeRequest, callback: grpc.requestCallback<_xnet_v1_RemoveNodeResponse__Output>): grpc.ClientUnaryCall;
  removeNode(argument: _xnet_v1_RemoveNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNodeResponse__Output>): grpc.ClientUnaryCall;
  removeNode(argument: _xnet_v1_RemoveNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveNodeResponse__Output>): grpc.ClientUnaryCall;
  removeNode(argument: _xnet_v1_RemoveNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNodeResponse__Output>): grpc.ClientUnaryCall;
  removeNode(argument: _xnet_v1_RemoveNodeRequest, callback: grpc.requestCallback<_xnet_v1_RemoveNodeResponse__Output>): grpc.ClientUnaryCall;
  
  RemovePool(argument: _xnet_v1_RemovePoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemovePoolResponse__Output>): grpc.ClientUnaryCall;
  RemovePool(argument: _xnet_v1_RemovePoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemovePoolResponse__Output>): grpc.ClientUnaryCall;
  RemovePool(argument: _xnet_v1_RemovePoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemovePoolResponse__Output>): grpc.ClientUnaryCall;
  RemovePool(argument: _xnet_v1_RemovePoolRequest, callback: grpc.requestCallback<_xnet_v1_RemovePoolResponse__Output>): grpc.ClientUnaryCall;
  removePool(argument: _xnet_v1_RemovePoolRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemovePoolResponse__Output>): grpc.ClientUnaryCall;
  removePool(argument: _xnet_v1_RemovePoolRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemovePoolResponse__Output>): grpc.ClientUnaryCall;
  removePool(argument: _xnet_v1_RemovePoolRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemovePoolResponse__Output>): grpc.ClientUnaryCall;
  removePool(argument: _xnet_v1_RemovePoolRequest, callback: grpc.requestCallback<_xnet_v1_RemovePoolResponse__Output>): grpc.ClientUnaryCall;
  
  ReserveSubnet(argument: _xnet_v1_ReserveSubnetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  ReserveSubnet(argument: _xnet_v1_ReserveSubnetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  ReserveSubnet(argument: _xnet_v1_ReserveSubnetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  ReserveSubnet(argument: _xnet_v1_ReserveSubnetRequest, callback: grpc.requestCallback<_xnet_v1_ReserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  reserveSubnet(argument: _xnet_v1_ReserveSubnetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  reserveSubnet(argument: _xnet_v1_ReserveSubnetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ReserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  reserveSubnet(argument: _xnet_v1_ReserveSubnetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ReserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  reserveSubnet(argument: _xnet_v1_ReserveSubnetRequest, callback: grpc.requestCallback<_xnet_v1_ReserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  
  RevokeCertificate(argument: _xnet_v1_RevokeCertificateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeCertificateResponse__Output>): grpc.ClientUnaryCall;
  RevokeCertificate(argument: _xnet_v1_RevokeCertificateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RevokeCertificateResponse__Output>): grpc.ClientUnaryCall;
  RevokeCertificate(argument: _xnet_v1_RevokeCertificateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeCertificateResponse__Output>): grpc.ClientUnaryCall;
  RevokeCertificate(argument: _xnet_v1_RevokeCertificateRequest, callback: grpc.requestCallback<_xnet_v1_RevokeCertificateResponse__Output>): grpc.ClientUnaryCall;
  revokeCertificate(argument: _xnet_v1_RevokeCertificateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeCertificateResponse__Output>): grpc.ClientUnaryCall;
  revokeCertificate(argument: _xnet_v1_RevokeCertificateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RevokeCertificateResponse__Output>): grpc.ClientUnaryCall;
  revokeCertificate(argument: _xnet_v1_RevokeCertificateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeCertificateResponse__Output>): grpc.ClientUnaryCall;
  revokeCertificate(argument: _xnet_v1_RevokeCertificateRequest, callback: grpc.requestCallback<_xnet_v1_RevokeCertificateResponse__Output>): grpc.ClientUnaryCall;
  
  RevokeNode(argument: _xnet_v1_RevokeNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeNodeResponse__Output>): grpc.ClientUnaryCall;
  RevokeNode(argument: _xnet_v1_RevokeNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RevokeNodeResponse__Output>): grpc.ClientUnaryCall;
  RevokeNode(argument: _xnet_v1_RevokeNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeNodeResponse__Output>): grpc.ClientUnaryCall;
  RevokeNode(argument: _xnet_v1_RevokeNodeRequest, callback: grpc.requestCallback<_xnet_v1_RevokeNodeResponse__Output>): grpc.ClientUnaryCall;
  revokeNode(argument: _xnet_v1_RevokeNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeNodeResponse__Output>): grpc.ClientUnaryCall;
  revokeNode(argument: _xnet_v1_RevokeNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RevokeNodeResponse__Output>): grpc.ClientUnaryCall;
  revokeNode(argument: _xnet_v1_RevokeNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeNodeResponse__Output>): grpc.ClientUnaryCall;
  revokeNode(argument: _xnet_v1_RevokeNodeRequest, callback: grpc.requestCallback<_xnet_v1_RevokeNodeResponse__Output>): grpc.ClientUnaryCall;
  
  RevokeToken(argument: _xnet_v1_RevokeTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeTokenResponse__Output>): grpc.ClientUnaryCall;
  RevokeToken(argument: _xnet_v1_RevokeTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RevokeTokenResponse__Output>): grpc.ClientUnaryCall;
  RevokeToken(argument: _xnet_v1_RevokeTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeTokenResponse__Output>): grpc.ClientUnaryCall;
  RevokeToken(argument: _xnet_v1_RevokeTokenRequest, callback: grpc.requestCallback<_xnet_v1_RevokeTokenResponse__Output>): grpc.ClientUnaryCall;
  revokeToken(argument: _xnet_v1_RevokeTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeTokenResponse__Output>): grpc.ClientUnaryCall;
  revokeToken(argument: _xnet_v1_RevokeTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RevokeTokenResponse__Output>): grpc.ClientUnaryCall;
  revokeToken(argument: _xnet_v1_RevokeTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RevokeTokenResponse__Output>): grpc.ClientUnaryCall;
  revokeToken(argument: _xnet_v1_RevokeTokenRequest, callback: grpc.requestCallback<_xnet_v1_RevokeTokenResponse__Output>): grpc.ClientUnaryCall;
  
  RotateAuthority(argument: _xnet_v1_RotateAuthorityRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_RotationProgress__Output>;
  RotateAuthority(argument: _xnet_v1_RotateAuthorityRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_RotationProgress__Output>;
  rotateAuthority(argument: _xnet_v1_RotateAuthorityRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_RotationProgress__Output>;
  rotateAuthority(argument: _xnet_v1_RotateAuthorityRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_RotationProgress__Output>;
  
  SetNode(argument: _xnet_v1_SetNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_SetNodeResponse__Output>): grpc.ClientUnaryCall;
  SetNode(argument: _xnet_v1_SetNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_SetNodeResponse__Output>): grpc.ClientUnaryCall;
  SetNode(argument: _xnet_v1_SetNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_SetNodeResponse__Output>): grpc.ClientUnaryCall;
  SetNode(argument: _xnet_v1_SetNodeRequest, callback: grpc.requestCallback<_xnet_v1_SetNodeResponse__Output>): grpc.ClientUnaryCall;
  setNode(argument: _xnet_v1_SetNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_SetNodeResponse__Output>): grpc.ClientUnaryCall;
  setNode(argument: _xnet_v1_SetNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_SetNodeResponse__Output>): grpc.ClientUnaryCall;
  setNode(argument: _xnet_v1_SetNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_SetNodeResponse__Output>): grpc.ClientUnaryCall;
  setNode(argument: _xnet_v1_SetNodeRequest, callback: grpc.requestCallback<_xnet_v1_SetNodeResponse__Output>): grpc.ClientUnaryCall;
  
  UnreserveSubnet(argument: _xnet_v1_UnreserveSubnetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_UnreserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  UnreserveSubnet(argument: _xnet_v1_UnreserveSubnetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_UnreserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  UnreserveSubnet(argument: _xnet_v1_UnreserveSubnetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_UnreserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  UnreserveSubnet(argument: _xnet_v1_UnreserveSubnetRequest, callback: grpc.requestCallback<_xnet_v1_UnreserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  unreserveSubnet(argument: _xnet_v1_UnreserveSubnetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_UnreserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  unreserveSubnet(argument: _xnet_v1_UnreserveSubnetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_UnreserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  unreserveSubnet(argument: _xnet_v1_UnreserveSubnetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_UnreserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  unreserveSubnet(argument: _xnet_v1_UnreserveSubnetRequest, callback: grpc.requestCallback<_xnet_v1_UnreserveSubnetResponse__Output>): grpc.ClientUnaryCall;
  
  VerifyAudit(argument: _xnet_v1_VerifyAuditRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_VerifyAuditResponse__Output>): grpc.ClientUnaryCall;
  VerifyAudit(argument: _xnet_v1_VerifyAuditRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_VerifyAuditResponse__Output>): grpc.ClientUnaryCall;
  VerifyAudit(argument: _xnet_v1_VerifyAuditRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_VerifyAuditResponse__Output>): grpc.ClientUnaryCall;
  VerifyAudit(argument: _xnet_v1_VerifyAuditRequest, callback: grpc.requestCallback<_xnet_v1_VerifyAuditResponse__Output>): grpc.ClientUnaryCall;
  verifyAudit(argument: _xnet_v1_VerifyAuditRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_VerifyAuditResponse__Output>): grpc.ClientUnaryCall;
  verifyAudit(argument: _xnet_v1_VerifyAuditRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_VerifyAuditResponse__Output>): grpc.ClientUnaryCall;
  verifyAudit(argument: _xnet_v1_VerifyAuditRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_VerifyAuditResponse__Output>): grpc.ClientUnaryCall;
  verifyAudit(argument: _xnet_v1_VerifyAuditRequest, callback: grpc.requestCallback<_xnet_v1_VerifyAuditResponse__Output>): grpc.ClientUnaryCall;
  
  WatchConvergence(argument: _xnet_v1_WatchConvergenceRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Convergence__Output>;
  WatchConvergence(argument: _xnet_v1_WatchConvergenceRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Convergence__Output>;
  watchConvergence(argument: _xnet_v1_WatchConvergenceRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Convergence__Output>;
  watchConvergence(argument: _xnet_v1_WatchConvergenceRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Convergence__Output>;
  
  WatchEvents(argument: _xnet_v1_ListEventsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Event__Output>;
  WatchEvents(argument: _xnet_v1_ListEventsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Event__Output>;
  watchEvents(argument: _xnet_v1_ListEventsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Event__Output>;
  watchEvents(argument: _xnet_v1_ListEventsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_Event__Output>;
  
  WatchNodes(argument: _xnet_v1_ListNodesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_ListNodesResponse__Output>;
  WatchNodes(argument: _xnet_v1_ListNodesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_ListNodesResponse__Output>;
  watchNodes(argument: _xnet_v1_ListNodesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_ListNodesResponse__Output>;
  watchNodes(argument: _xnet_v1_ListNodesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_xnet_v1_ListNodesResponse__Output>;
  
}

export interface AdminServiceHandlers extends grpc.UntypedServiceImplementation {
  AddNode: grpc.handleUnaryCall<_xnet_v1_AddNodeRequest__Output, _xnet_v1_AddNodeResponse>;
  
  CreatePool: grpc.handleUnaryCall<_xnet_v1_CreatePoolRequest__Output, _xnet_v1_CreatePoolResponse>;
  
  CreateToken: grpc.handleUnaryCall<_xnet_v1_CreateTokenRequest__Output, _xnet_v1_CreateTokenResponse>;
  
  GetAuthority: grpc.handleUnaryCall<_xnet_v1_GetAuthorityRequest__Output, _xnet_v1_GetAuthorityResponse>;
  
  GetNode: grpc.handleUnaryCall<_xnet_v1_GetNodeRequest__Output, _xnet_v1_GetNodeResponse>;
  
  GetPool: grpc.handleUnaryCall<_xnet_v1_GetPoolRequest__Output, _xnet_v1_GetPoolResponse>;
  
  GetStatus: grpc.handleUnaryCall<_xnet_v1_GetStatusRequest__Output, _xnet_v1_GetStatusResponse>;
  
  Init: grpc.handleUnaryCall<_xnet_v1_InitRequest__Output, _xnet_v1_InitResponse>;
  
  IssueCertificate: grpc.handleUnaryCall<_xnet_v1_IssueCertificateRequest__Output, _xnet_v1_IssueCertificateResponse>;
  
  ListAudit: grpc.handleUnaryCall<_xnet_v1_ListAuditRequest__Output, _xnet_v1_ListAuditResponse>;
  
  ListCertificates: grpc.handleUnaryCall<_xnet_v1_ListCertificatesRequest__Output, _xnet_v1_ListCertificatesResponse>;
  
  ListEvents: grpc.handleUnaryCall<_xnet_v1_ListEventsRequest__Output, _xnet_v1_ListEventsResponse>;
  
  ListNodes: grpc.handleUnaryCall<_xnet_v1_ListNodesRequest__Output, _xnet_v1_ListNodesResponse>;
  
  ListPools: grpc.handleUnaryCall<_xnet_v1_ListPoolsRequest__Output, _xnet_v1_ListPoolsResponse>;
  
  ListRoutes: grpc.handleUnaryCall<_xnet_v1_ListRoutesRequest__Output, _xnet_v1_ListRoutesResponse>;
  
  ListSubnets: grpc.handleUnaryCall<_xnet_v1_ListSubnetsRequest__Output, _xnet_v1_ListSubnetsResponse>;
  
  ListTokens: grpc.handleUnaryCall<_xnet_v1_ListTokensRequest__Output, _xnet_v1_ListTokensResponse>;
  
  ReleaseSubnet: grpc.handleUnaryCall<_xnet_v1_ReleaseSubnetRequest__Output, _xnet_v1_ReleaseSubnetResponse>;
  
  RemoveController: grpc.handleUnaryCall<_xnet_v1_RemoveControllerRequest__Output, _xnet_v1_RemoveControllerResponse>;
  
  RemoveNode: grpc.handleUnaryCall<_xnet_v1_RemoveNodeRequest__Output, _xnet_v1_RemoveNodeResponse>;
  
  RemovePool: grpc.handleUnaryCall<_xnet_v1_RemovePoolRequest__Output, _xnet_v1_RemovePoolResponse>;
  
  ReserveSubnet: grpc.handleUnaryCall<_xnet_v1_ReserveSubnetRequest__Output, _xnet_v1_ReserveSubnetResponse>;
  
  RevokeCertificate: grpc.handleUnaryCall<_xnet_v1_RevokeCertificateRequest__Output, _xnet_v1_RevokeCertificateResponse>;
  
  RevokeNode: grpc.handleUnaryCall<_xnet_v1_RevokeNodeRequest__Output, _xnet_v1_RevokeNodeResponse>;
  
  RevokeToken: grpc.handleUnaryCall<_xnet_v1_RevokeTokenRequest__Output, _xnet_v1_RevokeTokenResponse>;
  
  RotateAuthority: grpc.handleServerStreamingCall<_xnet_v1_RotateAuthorityRequest__Output, _xnet_v1_RotationProgress>;
  
  SetNode: grpc.handleUnaryCall<_xnet_v1_SetNodeRequest__Output, _xnet_v1_SetNodeResponse>;
  
  UnreserveSubnet: grpc.handleUnaryCall<_xnet_v1_UnreserveSubnetRequest__Output, _xnet_v1_UnreserveSubnetResponse>;
  
  VerifyAudit: grpc.handleUnaryCall<_xnet_v1_VerifyAuditRequest__Output, _xnet_v1_VerifyAuditResponse>;
  
  WatchConvergence: grpc.handleServerStreamingCall<_xnet_v1_WatchConvergenceRequest__Output, _xnet_v1_Convergence>;
  
  WatchEvents: grpc.handleServerStreamingCall<_xnet_v1_ListEventsRequest__Output, _xnet_v1_Event>;
  
  WatchNodes: grpc.handleServerStreamingCall<_xnet_v1_ListNodesRequest__Output, _xnet_v1_ListNodesResponse>;
  
}

export interface AdminServiceDefinition extends grpc.ServiceDefinition {
  AddNode: MethodDefinition<_xnet_v1_AddNodeRequest, _xnet_v1_AddNodeResponse, _xnet_v1_AddNodeRequest__Output, _xnet_v1_AddNodeResponse__Output>
  CreatePool: MethodDefinition<_xnet_v1_CreatePoolRequest, _xnet_v1_CreatePoolResponse, _xnet_v1_CreatePoolRequest__Output, _xnet_v1_CreatePoolResponse__Output>
  CreateToken: MethodDefinition<_xnet_v1_CreateTokenRequest, _xnet_v1_CreateTokenResponse, _xnet_v1_CreateTokenRequest__Output, _xnet_v1_CreateTokenResponse__Output>
  GetAuthority: MethodDefinition<_xnet_v1_GetAuthorityRequest, _xnet_v1_GetAuthorityResponse, _xnet_v1_GetAuthorityRequest__Output, _xnet_v1_GetAuthorityResponse__Output>
  GetNode: MethodDefinition<_xnet_v1_GetNodeRequest, _xnet_v1_GetNodeResponse, _xnet_v1_GetNodeRequest__Output, _xnet_v1_GetNodeResponse__Output>
  GetPool: MethodDefinition<_xnet_v1_GetPoolRequest, _xnet_v1_GetPoolResponse, _xnet_v1_GetPoolRequest__Output, _xnet_v1_GetPoolResponse__Output>
  GetStatus: MethodDefinition<_xnet_v1_GetStatusRequest, _xnet_v1_GetStatusResponse, _xnet_v1_GetStatusRequest__Output, _xnet_v1_GetStatusResponse__Output>
  Init: MethodDefinition<_xnet_v1_InitRequest, _xnet_v1_InitResponse, _xnet_v1_InitRequest__Output, _xnet_v1_InitResponse__Output>
  IssueCertificate: MethodDefinition<_xnet_v1_IssueCertificateRequest, _xnet_v1_IssueCertificateResponse, _xnet_v1_IssueCertificateRequest__Output, _xnet_v1_IssueCertificateResponse__Output>
  ListAudit: MethodDefinition<_xnet_v1_ListAuditRequest, _xnet_v1_ListAuditResponse, _xnet_v1_ListAuditRequest__Output, _xnet_v1_ListAuditResponse__Output>
  ListCertificates: MethodDefinition<_xnet_v1_ListCertificatesRequest, _xnet_v1_ListCertificatesResponse, _xnet_v1_ListCertificatesRequest__Output, _xnet_v1_ListCertificatesResponse__Output>
  ListEvents: MethodDefinition<_xnet_v1_ListEventsRequest, _xnet_v1_ListEventsResponse, _xnet_v1_ListEventsRequest__Output, _xnet_v1_ListEventsResponse__Output>
  ListNodes: MethodDefinition<_xnet_v1_ListNodesRequest, _xnet_v1_ListNodesResponse, _xnet_v1_ListNodesRequest__Output, _xnet_v1_ListNodesResponse__Output>
  ListPools: MethodDefinition<_xnet_v1_ListPoolsRequest, _xnet_v1_ListPoolsResponse, _xnet_v1_ListPoolsRequest__Output, _xnet_v1_ListPoolsResponse__Output>
  ListRoutes: MethodDefinition<_xnet_v1_ListRoutesRequest, _xnet_v1_ListRoutesResponse, _xnet_v1_ListRoutesRequest__Output, _xnet_v1_ListRoutesResponse__Output>
  ListSubnets: MethodDefinition<_xnet_v1_ListSubnetsRequest, _xnet_v1_ListSubnetsResponse, _xnet_v1_ListSubnetsRequest__Output, _xnet_v1_ListSubnetsResponse__Output>
  ListTokens: MethodDefinition<_xnet_v1_ListTokensRequest, _xnet_v1_ListTokensResponse, _xnet_v1_ListTokensRequest__Output, _xnet_v1_ListTokensResponse__Output>
  ReleaseSubnet: MethodDefinition<_xnet_v1_ReleaseSubnetRequest, _xnet_v1_ReleaseSubnetResponse, _xnet_v1_ReleaseSubnetRequest__Output, _xnet_v1_ReleaseSubnetResponse__Output>
  RemoveController: MethodDefinition<_xnet_v1_RemoveControllerRequest, _xnet_v1_RemoveControllerResponse, _xnet_v1_RemoveControllerRequest__Output, _xnet_v1_RemoveControllerResponse__Output>
  RemoveNode: MethodDefinition<_xnet_v1_RemoveNodeRequest, _xnet_v1_RemoveNodeResponse, _xnet_v1_RemoveNodeRequest__Output, _xnet_v1_RemoveNodeResponse__Output>
  RemovePool: MethodDefinition<_xnet_v1_RemovePoolRequest, _xnet_v1_RemovePoolResponse, _xnet_v1_RemovePoolRequest__Output, _xnet_v1_RemovePoolResponse__Output>
  ReserveSubnet: MethodDefinition<_xnet_v1_ReserveSubnetRequest, _xnet_v1_ReserveSubnetResponse, _xnet_v1_ReserveSubnetRequest__Output, _xnet_v1_ReserveSubnetResponse__Output>
  RevokeCertificate: MethodDefinition<_xnet_v1_RevokeCertificateRequest, _xnet_v1_RevokeCertificateResponse, _xnet_v1_RevokeCertificateRequest__Output, _xnet_v1_RevokeCertificateResponse__Output>
  RevokeNode: MethodDefinition<_xnet_v1_RevokeNodeRequest, _xnet_v1_RevokeNodeResponse, _xnet_v1_RevokeNodeRequest__Output, _xnet_v1_RevokeNodeResponse__Output>
  RevokeToken: MethodDefinition<_xnet_v1_RevokeTokenRequest, _xnet_v1_RevokeTokenResponse, _xnet_v1_RevokeTokenRequest__Output, _xnet_v1_RevokeTokenResponse__Output>
  RotateAuthority: MethodDefinition<_xnet_v1_RotateAuthorityRequest, _xnet_v1_RotationProgress, _xnet_v1_RotateAuthorityRequest__Output, _xnet_v1_RotationProgress__Output>
  SetNode: MethodDefinition<_xnet_v1_SetNodeRequest, _xnet_v1_SetNodeResponse, _xnet_v1_SetNodeRequest__Output, _xnet_v1_SetNodeResponse__Output>
  UnreserveSubnet: MethodDefinition<_xnet_v1_UnreserveSubnetRequest, _xnet_v1_UnreserveSubnetResponse, _xnet_v1_UnreserveSubnetRequest__Output, _xnet_v1_UnreserveSubnetResponse__Output>
  VerifyAudit: MethodDefinition<_xnet_v1_VerifyAuditRequest, _xnet_v1_VerifyAuditResponse, _xnet_v1_VerifyAuditRequest__Output, _xnet_v1_VerifyAuditResponse__Output>
  WatchConvergence: MethodDefinition<_xnet_v1_WatchConvergenceRequest, _xnet_v1_Convergence, _xnet_v1_WatchConvergenceRequest__Output, _xnet_v1_Convergence__Output>
  WatchEvents: MethodDefinition<_xnet_v1_ListEventsRequest, _xnet_v1_Event, _xnet_v1_ListEventsRequest__Output, _xnet_v1_Event__Output>
  WatchNodes: MethodDefinition<_xnet_v1_ListNodesRequest, _xnet_v1_ListNodesResponse, _xnet_v1_ListNodesRequest__Output, _xnet_v1_ListNodesResponse__Output>
}
