// Original file: proto/xnet/v1/node.proto

import type { Availability as _xnet_v1_Availability, Availability__Output as _xnet_v1_Availability__Output } from '../../xnet/v1/Availability.js';
import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';
import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from '../../xnet/v1/Lease.js';
import type { Permit as _xnet_v1_Permit, Permit__Output as _xnet_v1_Permit__Output } from '../../xnet/v1/Permit.js';
import type { Version as _xnet_v1_Version, Version__Output as _xnet_v1_Version__Output } from '../../xnet/v1/Version.js';
import type { NicList as _xnet_v1_NicList, NicList__Output as _xnet_v1_NicList__Output } from '../../xnet/v1/NicList.js';
import type { Long } from '@grpc/proto-loader';

export interface Assignment {
  'nodeId'?: (string);
  'nodeName'?: (string);
  'address'?: (string);
  'availability'?: (_xnet_v1_Availability);
  'pool'?: (string);
  'subnet'?: (string);
  'generation'?: (number | string | Long);
  'mode'?: (_xnet_v1_Mode);
  'networkName'?: (string);
  'bridgeName'?: (string);
  'leases'?: (_xnet_v1_Lease)[];
  'permit'?: (_xnet_v1_Permit | null);
  'leave'?: (boolean);
  'approved'?: (_xnet_v1_Version | null);
  'nics'?: (_xnet_v1_NicList | null);
}

export interface Assignment__Output {
  'nodeId': (string);
  'nodeName': (string);
  'address': (string);
  'availability': (_xnet_v1_Availability__Output);
  'pool': (string);
  'subnet': (string);
  'generation': (number);
  'mode': (_xnet_v1_Mode__Output);
  'networkName': (string);
  'bridgeName': (string);
  'leases': (_xnet_v1_Lease__Output)[];
  'permit': (_xnet_v1_Permit__Output | null);
  'leave': (boolean);
  'approved': (_xnet_v1_Version__Output | null);
  'nics': (_xnet_v1_NicList__Output | null);
}
