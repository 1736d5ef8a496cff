// Original file: proto/xnet/v1/node.proto


export interface LeaveResponse {
  'peersPending'?: (number);
}

export interface LeaveResponse__Output {
  'peersPending': (number);
}
