// Original file: proto/xnet/v1/security.proto

import type { Mode as _xnet_v1_Mode, Mode__Output as _xnet_v1_Mode__Output } from '../../xnet/v1/Mode.js';

export interface AdoptedHost {
  'name'?: (string);
  'address'?: (string);
  'labels'?: ({[key: string]: string});
  'mode'?: (_xnet_v1_Mode);
  'subnet'?: (string);
}

export interface AdoptedHost__Output {
  'name': (string);
  'address': (string);
  'labels': ({[key: string]: string});
  'mode': (_xnet_v1_Mode__Output);
  'subnet': (string);
}
