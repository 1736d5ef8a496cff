// Original file: proto/xnet/v1/node.proto

import type { Version as _xnet_v1_Version, Version__Output as _xnet_v1_Version__Output } from '../../xnet/v1/Version.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from '../../xnet/v1/RouteCounts.js';
import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from '../../xnet/v1/Condition.js';
import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from '../../xnet/v1/HostNetwork.js';
import type { SilentPeer as _xnet_v1_SilentPeer, SilentPeer__Output as _xnet_v1_SilentPeer__Output } from '../../xnet/v1/SilentPeer.js';
import type { LeaseUse as _xnet_v1_LeaseUse, LeaseUse__Output as _xnet_v1_LeaseUse__Output } from '../../xnet/v1/LeaseUse.js';
import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from '../../xnet/v1/ContainerUse.js';
import type { HeldRoutes as _xnet_v1_HeldRoutes, HeldRoutes__Output as _xnet_v1_HeldRoutes__Output } from '../../xnet/v1/HeldRoutes.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from '../../xnet/v1/NicUse.js';
import type { Long } from '@grpc/proto-loader';

export interface ReportRequest {
  'nodeId'?: (string);
  'generation'?: (number | string | Long);
  'applied'?: (_xnet_v1_Version | null);
  'routes'?: (_xnet_v1_RouteCounts | null);
  'conditions'?: (_xnet_v1_Condition)[];
  'daemonVersion'?: (string);
  'kernelVersion'?: (string);
  'dockerVersion'?: (string);
  'hostNetworks'?: (_xnet_v1_HostNetwork)[];
  'silentPeers'?: (_xnet_v1_SilentPeer)[];
  'hostFingerprint'?: (string);
  'leases'?: (_xnet_v1_LeaseUse)[];
  'containers'?: (_xnet_v1_ContainerUse)[];
  'containerCount'?: (number);
  'newAddress'?: (string);
  'containersKnown'?: (boolean);
  'held'?: (_xnet_v1_HeldRoutes | null);
  'nics'?: (_xnet_v1_NicUse)[];
  'features'?: (string)[];
}

export interface ReportRequest__Output {
  'nodeId': (string);
  'generation': (number);
  'applied': (_xnet_v1_Version__Output | null);
  'routes': (_xnet_v1_RouteCounts__Output | null);
  'conditions': (_xnet_v1_Condition__Output)[];
  'daemonVersion': (string);
  'kernelVersion': (string);
  'dockerVersion': (string);
  'hostNetworks': (_xnet_v1_HostNetwork__Output)[];
  'silentPeers': (_xnet_v1_SilentPeer__Output)[];
  'hostFingerprint': (string);
  'leases': (_xnet_v1_LeaseUse__Output)[];
  'containers': (_xnet_v1_ContainerUse__Output)[];
  'containerCount': (number);
  'newAddress': (string);
  'containersKnown': (boolean);
  'held': (_xnet_v1_HeldRoutes__Output | null);
  'nics': (_xnet_v1_NicUse__Output)[];
  'features': (string)[];
}
