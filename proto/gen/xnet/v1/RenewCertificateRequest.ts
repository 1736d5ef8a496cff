// Original file: proto/xnet/v1/node.proto


export interface RenewCertificateRequest {
  'csr'?: (string);
}

export interface RenewCertificateRequest__Output {
  'csr': (string);
}
