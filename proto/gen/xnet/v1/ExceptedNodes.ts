// Original file: proto/xnet/v1/network.proto


export interface ExceptedNodes {
  'nodes'?: (string)[];
}

export interface ExceptedNodes__Output {
  'nodes': (string)[];
}
