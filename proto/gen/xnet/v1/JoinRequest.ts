// Original file: proto/xnet/v1/join.proto


export interface JoinRequest {
  'token'?: (string);
  'csr'?: (string);
  'nodeName'?: (string);
  'address'?: (string);
  'daemonVersion'?: (string);
}

export interface JoinRequest__Output {
  'token': (string);
  'csr': (string);
  'nodeName': (string);
  'address': (string);
  'daemonVersion': (string);
}
