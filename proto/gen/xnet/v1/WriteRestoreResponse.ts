// Original file: proto/xnet/v1/backup.proto


export interface WriteRestoreResponse {
}

export interface WriteRestoreResponse__Output {
}
