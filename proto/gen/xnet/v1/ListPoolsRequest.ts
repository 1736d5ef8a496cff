// Original file: proto/xnet/v1/pool.proto


export interface ListPoolsRequest {
}

export interface ListPoolsRequest__Output {
}
