// Original file: proto/xnet/v1/diagnosis.proto

import type { PathFindings as _xnet_v1_PathFindings, PathFindings__Output as _xnet_v1_PathFindings__Output } from '../../xnet/v1/PathFindings.js';
import type { ProbeFindings as _xnet_v1_ProbeFindings, ProbeFindings__Output as _xnet_v1_ProbeFindings__Output } from '../../xnet/v1/ProbeFindings.js';
import type { TraceFindings as _xnet_v1_TraceFindings, TraceFindings__Output as _xnet_v1_TraceFindings__Output } from '../../xnet/v1/TraceFindings.js';

export interface Findings {
  'problem'?: (string);
  'path'?: (_xnet_v1_PathFindings | null);
  'probe'?: (_xnet_v1_ProbeFindings | null);
  'trace'?: (_xnet_v1_TraceFindings | null);
}

export interface Findings__Output {
  'problem': (string);
  'path': (_xnet_v1_PathFindings__Output | null);
  'probe': (_xnet_v1_ProbeFindings__Output | null);
  'trace': (_xnet_v1_TraceFindings__Output | null);
}
