// Original file: proto/xnet/v1/security.proto


export interface RevokeTokenResponse {
}

export interface RevokeTokenResponse__Output {
}
