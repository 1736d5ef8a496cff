// Original file: proto/xnet/v1/security.proto

import type { JoinToken as _xnet_v1_JoinToken, JoinToken__Output as _xnet_v1_JoinToken__Output } from '../../xnet/v1/JoinToken.js';

export interface CreateTokenResponse {
  'joinToken'?: (_xnet_v1_JoinToken | null);
}

export interface CreateTokenResponse__Output {
  'joinToken': (_xnet_v1_JoinToken__Output | null);
}
