// Original file: proto/xnet/v1/security.proto

import type { Certificate as _xnet_v1_Certificate, Certificate__Output as _xnet_v1_Certificate__Output } from '../../xnet/v1/Certificate.js';

export interface IssueCertificateResponse {
  'certificate'?: (string);
  'authority'?: (string)[];
  'record'?: (_xnet_v1_Certificate | null);
  'clusterId'?: (string);
  'controllers'?: (string)[];
}

export interface IssueCertificateResponse__Output {
  'certificate': (string);
  'authority': (string)[];
  'record': (_xnet_v1_Certificate__Output | null);
  'clusterId': (string);
  'controllers': (string)[];
}
