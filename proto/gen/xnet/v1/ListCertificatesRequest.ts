// Original file: proto/xnet/v1/security.proto


export interface ListCertificatesRequest {
  'role'?: (string);
}

export interface ListCertificatesRequest__Output {
  'role': (string);
}
