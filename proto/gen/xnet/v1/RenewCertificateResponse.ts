// Original file: proto/xnet/v1/node.proto


export interface RenewCertificateResponse {
  'certificate'?: (string);
  'authority'?: (string)[];
}

export interface RenewCertificateResponse__Output {
  'certificate': (string);
  'authority': (string)[];
}
