// Original file: proto/xnet/v1/security.proto

import type { Certificate as _xnet_v1_Certificate, Certificate__Output as _xnet_v1_Certificate__Output } from '../../xnet/v1/Certificate.js';

export interface ListCertificatesResponse {
  'certificates'?: (_xnet_v1_Certificate)[];
}

export interface ListCertificatesResponse__Output {
  'certificates': (_xnet_v1_Certificate__Output)[];
}
