// Original file: proto/xnet/v1/security.proto

import type { AuditEntry as _xnet_v1_AuditEntry, AuditEntry__Output as _xnet_v1_AuditEntry__Output } from '../../xnet/v1/AuditEntry.js';

export interface ListAuditResponse {
  'entries'?: (_xnet_v1_AuditEntry)[];
}

export interface ListAuditResponse__Output {
  'entries': (_xnet_v1_AuditEntry__Output)[];
}
