// Original file: proto/xnet/v1/admin.proto


export interface ListCertificatesRequest {
  'role'?: (string);
}

export interface ListCertificatesRequest__Output {
  'role': (string);
}
