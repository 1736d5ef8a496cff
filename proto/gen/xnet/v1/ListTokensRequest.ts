// Original file: proto/xnet/v1/security.proto


export interface ListTokensRequest {
}

export interface ListTokensRequest__Output {
}
