// Original file: proto/xnet/v1/diagnosis.proto

import type { Question as _xnet_v1_Question, Question__Output as _xnet_v1_Question__Output } from '../../xnet/v1/Question.js';

export interface Look {
  'id'?: (string);
  'timeoutMs'?: (number);
  'question'?: (_xnet_v1_Question | null);
}

export interface Look__Output {
  'id': (string);
  'timeoutMs': (number);
  'question': (_xnet_v1_Question__Output | null);
}
