// Original file: proto/xnet/v1/node.proto

import type { Version as _xnet_v1_Version, Version__Output as _xnet_v1_Version__Output } from '../../xnet/v1/Version.js';

export interface Bookmark {
  'version'?: (_xnet_v1_Version | null);
}

export interface Bookmark__Output {
  'version': (_xnet_v1_Version__Output | null);
}
