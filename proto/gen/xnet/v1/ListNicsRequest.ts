// Original file: proto/xnet/v1/nic.proto


export interface ListNicsRequest {
  'node'?: (string);
}

export interface ListNicsRequest__Output {
  'node': (string);
}
