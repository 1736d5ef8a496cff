// Original file: proto/xnet/v1/diagnosis.proto

import type { Findings as _xnet_v1_Findings, Findings__Output as _xnet_v1_Findings__Output } from '../../xnet/v1/Findings.js';

export interface LookAtNodeResponse {
  'findings'?: (_xnet_v1_Findings | null);
  'controllers'?: (string)[];
}

export interface LookAtNodeResponse__Output {
  'findings': (_xnet_v1_Findings__Output | null);
  'controllers': (string)[];
}
