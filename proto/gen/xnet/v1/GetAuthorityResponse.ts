// Original file: proto/xnet/v1/security.proto

import type { Authority as _xnet_v1_Authority, Authority__Output as _xnet_v1_Authority__Output } from '../../xnet/v1/Authority.js';
import type { RotationProgress as _xnet_v1_RotationProgress, RotationProgress__Output as _xnet_v1_RotationProgress__Output } from '../../xnet/v1/RotationProgress.js';

export interface GetAuthorityResponse {
  'authority'?: (_xnet_v1_Authority | null);
  'rotation'?: (_xnet_v1_RotationProgress | null);
}

export interface GetAuthorityResponse__Output {
  'authority': (_xnet_v1_Authority__Output | null);
  'rotation': (_xnet_v1_RotationProgress__Output | null);
}
