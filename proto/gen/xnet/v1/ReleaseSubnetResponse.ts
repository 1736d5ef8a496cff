// Original file: proto/xnet/v1/pool.proto


export interface ReleaseSubnetResponse {
}

export interface ReleaseSubnetResponse__Output {
}
