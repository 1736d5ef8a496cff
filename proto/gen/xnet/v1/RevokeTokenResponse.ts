// Original file: proto/xnet/v1/admin.proto


export interface RevokeTokenResponse {
}

export interface RevokeTokenResponse__Output {
}
