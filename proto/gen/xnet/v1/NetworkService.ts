// Original file: proto/xnet/v1/network.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ChangeNetworkRequest as _xnet_v1_ChangeNetworkRequest, ChangeNetworkRequest__Output as _xnet_v1_ChangeNetworkRequest__Output } from '../../xnet/v1/ChangeNetworkRequest.js';
import type { ChangeNetworkResponse as _xnet_v1_ChangeNetworkResponse, ChangeNetworkResponse__Output as _xnet_v1_ChangeNetworkResponse__Output } from '../../xnet/v1/ChangeNetworkResponse.js';
import type { CreateNetworkRequest as _xnet_v1_CreateNetworkRequest, CreateNetworkRequest__Output as _xnet_v1_CreateNetworkRequest__Output } from '../../xnet/v1/CreateNetworkRequest.js';
import type { CreateNetworkResponse as _xnet_v1_CreateNetworkResponse, CreateNetworkResponse__Output as _xnet_v1_CreateNetworkResponse__Output } from '../../xnet/v1/CreateNetworkResponse.js';
import type { GetNetworkRequest as _xnet_v1_GetNetworkRequest, GetNetworkRequest__Output as _xnet_v1_GetNetworkRequest__Output } from '../../xnet/v1/GetNetworkRequest.js';
import type { GetNetworkResponse as _xnet_v1_GetNetworkResponse, GetNetworkResponse__Output as _xnet_v1_GetNetworkResponse__Output } from '../../xnet/v1/GetNetworkResponse.js';
import type { ListNetworksRequest as _xnet_v1_ListNetworksRequest, ListNetworksRequest__Output as _xnet_v1_ListNetworksRequest__Output } from '../../xnet/v1/ListNetworksRequest.js';
import type { ListNetworksResponse as _xnet_v1_ListNetworksResponse, ListNetworksResponse__Output as _xnet_v1_ListNetworksResponse__Output } from '../../xnet/v1/ListNetworksResponse.js';
import type { RemoveNetworkRequest as _xnet_v1_RemoveNetworkRequest, RemoveNetworkRequest__Output as _xnet_v1_RemoveNetworkRequest__Output } from '../../xnet/v1/RemoveNetworkRequest.js';
import type { RemoveNetworkResponse as _xnet_v1_RemoveNetworkResponse, RemoveNetworkResponse__Output as _xnet_v1_RemoveNetworkResponse__Output } from '../../xnet/v1/RemoveNetworkResponse.js';

export interface NetworkServiceClient extends grpc.Client {
  ChangeNetwork(argument: _xnet_v1_ChangeNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ChangeNetworkResponse__Output>): grpc.ClientUnaryCall;
  ChangeNetwork(argument: _xnet_v1_ChangeNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ChangeNetworkResponse__Output>): grpc.ClientUnaryCall;
  ChangeNetwork(argument: _xnet_v1_ChangeNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ChangeNetworkResponse__Output>): grpc.ClientUnaryCall;
  ChangeNetwork(argument: _xnet_v1_ChangeNetworkRequest, callback: grpc.requestCallback<_xnet_v1_ChangeNetworkResponse__Output>): grpc.ClientUnaryCall;
  changeNetwork(argument: _xnet_v1_ChangeNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ChangeNetworkResponse__Output>): grpc.ClientUnaryCall;
  changeNetwork(argument: _xnet_v1_ChangeNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ChangeNetworkResponse__Output>): grpc.ClientUnaryCall;
  changeNetwork(argument: _xnet_v1_ChangeNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ChangeNetworkResponse__Output>): grpc.ClientUnaryCall;
  changeNetwork(argument: _xnet_v1_ChangeNetworkRequest, callback: grpc.requestCallback<_xnet_v1_ChangeNetworkResponse__Output>): grpc.ClientUnaryCall;
  
  CreateNetwork(argument: _xnet_v1_CreateNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateNetworkResponse__Output>): grpc.ClientUnaryCall;
  CreateNetwork(argument: _xnet_v1_CreateNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CreateNetworkResponse__Output>): grpc.ClientUnaryCall;
  CreateNetwork(argument: _xnet_v1_CreateNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateNetworkResponse__Output>): grpc.ClientUnaryCall;
  CreateNetwork(argument: _xnet_v1_CreateNetworkRequest, callback: grpc.requestCallback<_xnet_v1_CreateNetworkResponse__Output>): grpc.ClientUnaryCall;
  createNetwork(argument: _xnet_v1_CreateNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateNetworkResponse__Output>): grpc.ClientUnaryCall;
  createNetwork(argument: _xnet_v1_CreateNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_CreateNetworkResponse__Output>): grpc.ClientUnaryCall;
  createNetwork(argument: _xnet_v1_CreateNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_CreateNetworkResponse__Output>): grpc.ClientUnaryCall;
  createNetwork(argument: _xnet_v1_CreateNetworkRequest, callback: grpc.requestCallback<_xnet_v1_CreateNetworkResponse__Output>): grpc.ClientUnaryCall;
  
  GetNetwork(argument: _xnet_v1_GetNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  GetNetwork(argument: _xnet_v1_GetNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  GetNetwork(argument: _xnet_v1_GetNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  GetNetwork(argument: _xnet_v1_GetNetworkRequest, callback: grpc.requestCallback<_xnet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  getNetwork(argument: _xnet_v1_GetNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  getNetwork(argument: _xnet_v1_GetNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  getNetwork(argument: _xnet_v1_GetNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  getNetwork(argument: _xnet_v1_GetNetworkRequest, callback: grpc.requestCallback<_xnet_v1_GetNetworkResponse__Output>): grpc.ClientUnaryCall;
  
  ListNetworks(argument: _xnet_v1_ListNetworksRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNetworksResponse__Output>): grpc.ClientUnaryCall;
  ListNetworks(argument: _xnet_v1_ListNetworksRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListNetworksResponse__Output>): grpc.ClientUnaryCall;
  ListNetworks(argument: _xnet_v1_ListNetworksRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNetworksResponse__Output>): grpc.ClientUnaryCall;
  ListNetworks(argument: _xnet_v1_ListNetworksRequest, callback: grpc.requestCallback<_xnet_v1_ListNetworksResponse__Output>): grpc.ClientUnaryCall;
  listNetworks(argument: _xnet_v1_ListNetworksRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNetworksResponse__Output>): grpc.ClientUnaryCall;
  listNetworks(argument: _xnet_v1_ListNetworksRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_ListNetworksResponse__Output>): grpc.ClientUnaryCall;
  listNetworks(argument: _xnet_v1_ListNetworksRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_ListNetworksResponse__Output>): grpc.ClientUnaryCall;
  listNetworks(argument: _xnet_v1_ListNetworksRequest, callback: grpc.requestCallback<_xnet_v1_ListNetworksResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveNetwork(argument: _xnet_v1_RemoveNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNetworkResponse__Output>): grpc.ClientUnaryCall;
  RemoveNetwork(argument: _xnet_v1_RemoveNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveNetworkResponse__Output>): grpc.ClientUnaryCall;
  RemoveNetwork(argument: _xnet_v1_RemoveNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNetworkResponse__Output>): grpc.ClientUnaryCall;
  RemoveNetwork(argument: _xnet_v1_RemoveNetworkRequest, callback: grpc.requestCallback<_xnet_v1_RemoveNetworkResponse__Output>): grpc.ClientUnaryCall;
  removeNetwork(argument: _xnet_v1_RemoveNetworkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNetworkResponse__Output>): grpc.ClientUnaryCall;
  removeNetwork(argument: _xnet_v1_RemoveNetworkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_xnet_v1_RemoveNetworkResponse__Output>): grpc.ClientUnaryCall;
  removeNetwork(argument: _xnet_v1_RemoveNetworkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_xnet_v1_RemoveNetworkResponse__Output>): grpc.ClientUnaryCall;
  removeNetwork(argument: _xnet_v1_RemoveNetworkRequest, callback: grpc.requestCallback<_xnet_v1_RemoveNetworkResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface NetworkServiceHandlers extends grpc.UntypedServiceImplementation {
  ChangeNetwork: grpc.handleUnaryCall<_xnet_v1_ChangeNetworkRequest__Output, _xnet_v1_ChangeNetworkResponse>;
  
  CreateNetwork: grpc.handleUnaryCall<_xnet_v1_CreateNetworkRequest__Output, _xnet_v1_CreateNetworkResponse>;
  
  GetNetwork: grpc.handleUnaryCall<_xnet_v1_GetNetworkRequest__Output, _xnet_v1_GetNetworkResponse>;
  
  ListNetworks: grpc.handleUnaryCall<_xnet_v1_ListNetworksRequest__Output, _xnet_v1_ListNetworksResponse>;
  
  RemoveNetwork: grpc.handleUnaryCall<_xnet_v1_RemoveNetworkRequest__Output, _xnet_v1_RemoveNetworkResponse>;
  
}

export interface NetworkServiceDefinition extends grpc.ServiceDefinition {
  ChangeNetwork: MethodDefinition<_xnet_v1_ChangeNetworkRequest, _xnet_v1_ChangeNetworkResponse, _xnet_v1_ChangeNetworkRequest__Output, _xnet_v1_ChangeNetworkResponse__Output>
  CreateNetwork: MethodDefinition<_xnet_v1_CreateNetworkRequest, _xnet_v1_CreateNetworkResponse, _xnet_v1_CreateNetworkRequest__Output, _xnet_v1_CreateNetworkResponse__Output>
  GetNetwork: MethodDefinition<_xnet_v1_GetNetworkRequest, _xnet_v1_GetNetworkResponse, _xnet_v1_GetNetworkRequest__Output, _xnet_v1_GetNetworkResponse__Output>
  ListNetworks: MethodDefinition<_xnet_v1_ListNetworksRequest, _xnet_v1_ListNetworksResponse, _xnet_v1_ListNetworksRequest__Output, _xnet_v1_ListNetworksResponse__Output>
  RemoveNetwork: MethodDefinition<_xnet_v1_RemoveNetworkRequest, _xnet_v1_RemoveNetworkResponse, _xnet_v1_RemoveNetworkRequest__Output, _xnet_v1_RemoveNetworkResponse__Output>
}
