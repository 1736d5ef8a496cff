// Original file: proto/xnet/v1/node.proto

import type { Version as _xnet_v1_Version, Version__Output as _xnet_v1_Version__Output } from '../../xnet/v1/Version.js';
import type { Assignment as _xnet_v1_Assignment, Assignment__Output as _xnet_v1_Assignment__Output } from '../../xnet/v1/Assignment.js';
import type { Destination as _xnet_v1_Destination, Destination__Output as _xnet_v1_Destination__Output } from '../../xnet/v1/Destination.js';
import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';

export interface WatchRequest {
  'nodeName'?: (string);
  'nodeId'?: (string);
  'version'?: (_xnet_v1_Version | null);
  'fresh'?: (boolean);
  'hostFingerprint'?: (string);
  'daemonVersion'?: (string);
  'held'?: (_xnet_v1_Assignment | null);
  'heldRoutes'?: (_xnet_v1_Destination)[];
  'modes'?: (_xnet_v1_Mode)[];
}

export interface WatchRequest__Output {
  'nodeName': (string);
  'nodeId': (string);
  'version': (_xnet_v1_Version__Output | null);
  'fresh': (boolean);
  'hostFingerprint': (string);
  'daemonVersion': (string);
  'held': (_xnet_v1_Assignment__Output | null);
  'heldRoutes': (_xnet_v1_Destination__Output)[];
  'modes': (_xnet_v1_Mode__Output)[];
}
