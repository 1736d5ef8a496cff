// Original file: proto/xnet/v1/diagnosis.proto

import type { PathQuestion as _xnet_v1_PathQuestion, PathQuestion__Output as _xnet_v1_PathQuestion__Output } from '../../xnet/v1/PathQuestion.js';
import type { ProbeQuestion as _xnet_v1_ProbeQuestion, ProbeQuestion__Output as _xnet_v1_ProbeQuestion__Output } from '../../xnet/v1/ProbeQuestion.js';
import type { TraceBeginQuestion as _xnet_v1_TraceBeginQuestion, TraceBeginQuestion__Output as _xnet_v1_TraceBeginQuestion__Output } from '../../xnet/v1/TraceBeginQuestion.js';
import type { TraceEndQuestion as _xnet_v1_TraceEndQuestion, TraceEndQuestion__Output as _xnet_v1_TraceEndQuestion__Output } from '../../xnet/v1/TraceEndQuestion.js';

export interface Question {
  'path'?: (_xnet_v1_PathQuestion | null);
  'probe'?: (_xnet_v1_ProbeQuestion | null);
  'traceBegin'?: (_xnet_v1_TraceBeginQuestion | null);
  'traceEnd'?: (_xnet_v1_TraceEndQuestion | null);
  'question'?: "path"|"probe"|"traceBegin"|"traceEnd";
}

export interface Question__Output {
  'path'?: (_xnet_v1_PathQuestion__Output | null);
  'probe'?: (_xnet_v1_ProbeQuestion__Output | null);
  'traceBegin'?: (_xnet_v1_TraceBeginQuestion__Output | null);
  'traceEnd'?: (_xnet_v1_TraceEndQuestion__Output | null);
  'question'?: "path"|"probe"|"traceBegin"|"traceEnd";
}
