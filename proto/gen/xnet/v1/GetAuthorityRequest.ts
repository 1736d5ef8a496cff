// Original file: proto/xnet/v1/admin.proto


export interface GetAuthorityRequest {
}

export interface GetAuthorityRequest__Output {
}
