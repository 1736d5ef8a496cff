// Original file: proto/xnet/v1/diagnosis.proto

import type { Echoes as _xnet_v1_Echoes, Echoes__Output as _xnet_v1_Echoes__Output } from '../../xnet/v1/Echoes.js';

export interface ProbeFindings {
  'echoes'?: (_xnet_v1_Echoes)[];
}

export interface ProbeFindings__Output {
  'echoes': (_xnet_v1_Echoes__Output)[];
}
