// Original file: proto/xnet/v1/network.proto


export interface GetNetworkRequest {
  'name'?: (string);
}

export interface GetNetworkRequest__Output {
  'name': (string);
}
