// Original file: proto/xnet/v1/backup.proto


export interface ReadClusterKeyRequest {
}

export interface ReadClusterKeyRequest__Output {
}
