// Original file: proto/xnet/v1/nic.proto


export interface RemoveNicRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'address'?: (string);
}

export interface RemoveNicRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'address': (string);
}
