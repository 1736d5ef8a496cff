// Original file: proto/xnet/v1/admin.proto


export interface WatchConvergenceRequest {
  'node'?: (string);
}

export interface WatchConvergenceRequest__Output {
  'node': (string);
}
