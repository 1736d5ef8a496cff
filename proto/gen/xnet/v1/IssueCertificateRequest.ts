// Original file: proto/xnet/v1/security.proto


export interface IssueCertificateRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'role'?: (string);
  'id'?: (string);
  'csr'?: (string);
  'ttlSeconds'?: (number);
}

export interface IssueCertificateRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'role': (string);
  'id': (string);
  'csr': (string);
  'ttlSeconds': (number);
}
