// Original file: proto/xnet/v1/pool.proto


export interface ListSubnetsRequest {
  'pool'?: (string);
}

export interface ListSubnetsRequest__Output {
  'pool': (string);
}
