// Original file: proto/xnet/v1/status.proto


export interface RemoveControllerResponse {
}

export interface RemoveControllerResponse__Output {
}
