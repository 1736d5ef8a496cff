// Original file: proto/xnet/v1/admin.proto


export interface ListNodesRequest {
}

export interface ListNodesRequest__Output {
}
