// Original file: proto/xnet/v1/admin.proto


export interface ReleaseSubnetResponse {
}

export interface ReleaseSubnetResponse__Output {
}
