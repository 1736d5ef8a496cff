// Original file: proto/xnet/v1/node.proto


export interface RenewCertificateRequest {
  'csr'?: (string);
  'hostFingerprint'?: (string);
}

export interface RenewCertificateRequest__Output {
  'csr': (string);
  'hostFingerprint': (string);
}
