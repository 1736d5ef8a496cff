// Original file: proto/xnet/v1/security.proto

import type { Token as _xnet_v1_Token, Token__Output as _xnet_v1_Token__Output } from '../../xnet/v1/Token.js';

export interface JoinToken {
  'token'?: (string);
  'record'?: (_xnet_v1_Token | null);
  'controllers'?: (string)[];
  'caDigest'?: (string);
}

export interface JoinToken__Output {
  'token': (string);
  'record': (_xnet_v1_Token__Output | null);
  'controllers': (string)[];
  'caDigest': (string);
}
