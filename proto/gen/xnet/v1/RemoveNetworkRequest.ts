// Original file: proto/xnet/v1/network.proto


export interface RemoveNetworkRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'disconnect'?: (boolean);
}

export interface RemoveNetworkRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'disconnect': (boolean);
}
