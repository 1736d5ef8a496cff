// Original file: proto/xnet/v1/security.proto


export interface GetAuthorityRequest {
}

export interface GetAuthorityRequest__Output {
}
