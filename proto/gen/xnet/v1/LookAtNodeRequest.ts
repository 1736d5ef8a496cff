// Original file: proto/xnet/v1/diagnosis.proto

import type { Question as _xnet_v1_Question, Question__Output as _xnet_v1_Question__Output } from '../../xnet/v1/Question.js';

export interface LookAtNodeRequest {
  'node'?: (string);
  'question'?: (_xnet_v1_Question | null);
}

export interface LookAtNodeRequest__Output {
  'node': (string);
  'question': (_xnet_v1_Question__Output | null);
}
