// Original file: proto/xnet/v1/pool.proto


export interface RemovePoolResponse {
}

export interface RemovePoolResponse__Output {
}
