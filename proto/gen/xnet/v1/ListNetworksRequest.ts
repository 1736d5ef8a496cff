// Original file: proto/xnet/v1/network.proto


export interface ListNetworksRequest {
}

export interface ListNetworksRequest__Output {
}
