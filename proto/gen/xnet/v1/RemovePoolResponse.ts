// Original file: proto/xnet/v1/admin.proto


export interface RemovePoolResponse {
}

export interface RemovePoolResponse__Output {
}
