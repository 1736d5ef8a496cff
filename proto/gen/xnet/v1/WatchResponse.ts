// Original file: proto/xnet/v1/node.proto

import type { Assignment as _xnet_v1_Assignment, Assignment__Output as _xnet_v1_Assignment__Output } from '../../xnet/v1/Assignment.js';
import type { SnapshotChunk as _xnet_v1_SnapshotChunk, SnapshotChunk__Output as _xnet_v1_SnapshotChunk__Output } from '../../xnet/v1/SnapshotChunk.js';
import type { Delta as _xnet_v1_Delta, Delta__Output as _xnet_v1_Delta__Output } from '../../xnet/v1/Delta.js';
import type { Bookmark as _xnet_v1_Bookmark, Bookmark__Output as _xnet_v1_Bookmark__Output } from '../../xnet/v1/Bookmark.js';
import type { Trust as _xnet_v1_Trust, Trust__Output as _xnet_v1_Trust__Output } from '../../xnet/v1/Trust.js';
import type { Look as _xnet_v1_Look, Look__Output as _xnet_v1_Look__Output } from '../../xnet/v1/Look.js';

export interface WatchResponse {
  'assignment'?: (_xnet_v1_Assignment | null);
  'snapshot'?: (_xnet_v1_SnapshotChunk | null);
  'delta'?: (_xnet_v1_Delta | null);
  'bookmark'?: (_xnet_v1_Bookmark | null);
  'trust'?: (_xnet_v1_Trust | null);
  'look'?: (_xnet_v1_Look | null);
  'message'?: "assignment"|"snapshot"|"delta"|"bookmark"|"trust"|"look";
}

export interface WatchResponse__Output {
  'assignment'?: (_xnet_v1_Assignment__Output | null);
  'snapshot'?: (_xnet_v1_SnapshotChunk__Output | null);
  'delta'?: (_xnet_v1_Delta__Output | null);
  'bookmark'?: (_xnet_v1_Bookmark__Output | null);
  'trust'?: (_xnet_v1_Trust__Output | null);
  'look'?: (_xnet_v1_Look__Output | null);
  'message'?: "assignment"|"snapshot"|"delta"|"bookmark"|"trust"|"look";
}
