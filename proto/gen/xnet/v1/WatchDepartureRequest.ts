// Original file: proto/xnet/v1/lifecycle.proto


export interface WatchDepartureRequest {
  'node'?: (string);
}

export interface WatchDepartureRequest__Output {
  'node': (string);
}
