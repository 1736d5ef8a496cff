// Original file: proto/xnet/v1/pool.proto


export interface ListRoutesRequest {
  'node'?: (string);
}

export interface ListRoutesRequest__Output {
  'node': (string);
}
