// Original file: proto/xnet/v1/security.proto

import type { Certificate as _xnet_v1_Certificate, Certificate__Output as _xnet_v1_Certificate__Output } from '../../xnet/v1/Certificate.js';

export interface RevokeCertificateResponse {
  'record'?: (_xnet_v1_Certificate | null);
}

export interface RevokeCertificateResponse__Output {
  'record': (_xnet_v1_Certificate__Output | null);
}
