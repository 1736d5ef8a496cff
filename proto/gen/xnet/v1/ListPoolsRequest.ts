// Original file: proto/xnet/v1/admin.proto


export interface ListPoolsRequest {
}

export interface ListPoolsRequest__Output {
}
