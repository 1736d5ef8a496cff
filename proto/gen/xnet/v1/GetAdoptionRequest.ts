// Original file: proto/xnet/v1/backup.proto


export interface GetAdoptionRequest {
}

export interface GetAdoptionRequest__Output {
}
