// Original file: proto/xnet/v1/node_admin.proto


export interface WatchConvergenceRequest {
  'node'?: (string);
  'untilReady'?: (boolean);
}

export interface WatchConvergenceRequest__Output {
  'node': (string);
  'untilReady': (boolean);
}
