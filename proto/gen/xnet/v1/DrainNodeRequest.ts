// Original file: proto/xnet/v1/lifecycle.proto


export interface DrainNodeRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'deadlineSeconds'?: (number);
  'remove'?: (boolean);
  'cancel'?: (boolean);
}

export interface DrainNodeRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'deadlineSeconds': (number);
  'remove': (boolean);
  'cancel': (boolean);
}
