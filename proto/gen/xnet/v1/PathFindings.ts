// Original file: proto/xnet/v1/diagnosis.proto

import type { ContainerFindings as _xnet_v1_ContainerFindings, ContainerFindings__Output as _xnet_v1_ContainerFindings__Output } from '../../xnet/v1/ContainerFindings.js';
import type { Decision as _xnet_v1_Decision, Decision__Output as _xnet_v1_Decision__Output } from '../../xnet/v1/Decision.js';

export interface PathFindings {
  'container'?: (_xnet_v1_ContainerFindings | null);
  'address'?: (string);
  'toRemote'?: (_xnet_v1_Decision | null);
  'fromRemote'?: (_xnet_v1_Decision | null);
  'routes'?: (string)[];
  'desiredNextHop'?: (string);
  'neighbourState'?: (string);
  'neighbourMac'?: (string);
  'underlay'?: (string);
  'bridge'?: (string);
  'underlayMtu'?: (number);
  'bridgeMtu'?: (number);
  'forwarding'?: (boolean);
  'strict'?: (string)[];
  'hasRules'?: (boolean);
  'subnetInUse'?: (boolean);
  'subnet'?: (string);
}

export interface PathFindings__Output {
  'container': (_xnet_v1_ContainerFindings__Output | null);
  'address': (string);
  'toRemote': (_xnet_v1_Decision__Output | null);
  'fromRemote': (_xnet_v1_Decision__Output | null);
  'routes': (string)[];
  'desiredNextHop': (string);
  'neighbourState': (string);
  'neighbourMac': (string);
  'underlay': (string);
  'bridge': (string);
  'underlayMtu': (number);
  'bridgeMtu': (number);
  'forwarding': (boolean);
  'strict': (string)[];
  'hasRules': (boolean);
  'subnetInUse': (boolean);
  'subnet': (string);
}
