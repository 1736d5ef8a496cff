// Original file: proto/xnet/v1/admin.proto


export interface WatchConvergenceRequest {
  'node'?: (string);
  'untilReady'?: (boolean);
}

export interface WatchConvergenceRequest__Output {
  'node': (string);
  'untilReady': (boolean);
}
