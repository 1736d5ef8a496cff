// Original file: proto/xnet/v1/admin.proto


export interface RemoveControllerResponse {
}

export interface RemoveControllerResponse__Output {
}
