// Original file: proto/xnet/v1/security.proto

import type { Token as _xnet_v1_Token, Token__Output as _xnet_v1_Token__Output } from '../../xnet/v1/Token.js';

export interface ListTokensResponse {
  'tokens'?: (_xnet_v1_Token)[];
}

export interface ListTokensResponse__Output {
  'tokens': (_xnet_v1_Token__Output)[];
}
