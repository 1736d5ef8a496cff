// Original file: proto/xnet/v1/backup.proto


export interface SaveBackupRequest {
}

export interface SaveBackupRequest__Output {
}
