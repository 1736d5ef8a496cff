// Original file: proto/xnet/v1/security.proto

import type { Authority as _xnet_v1_Authority, Authority__Output as _xnet_v1_Authority__Output } from '../../xnet/v1/Authority.js';

export interface InitResponse {
  'unchanged'?: (boolean);
  'authority'?: (_xnet_v1_Authority | null);
  'clusterKeyFile'?: (string);
}

export interface InitResponse__Output {
  'unchanged': (boolean);
  'authority': (_xnet_v1_Authority__Output | null);
  'clusterKeyFile': (string);
}
