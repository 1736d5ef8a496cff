// Original file: proto/xnet/v1/nic.proto


export interface AddNicRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'container'?: (string);
  'pool'?: (string);
  'address'?: (string);
  'interfaceName'?: (string);
}

export interface AddNicRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'container': (string);
  'pool': (string);
  'address': (string);
  'interfaceName': (string);
}
