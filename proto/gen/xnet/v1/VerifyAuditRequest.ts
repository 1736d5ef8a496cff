// Original file: proto/xnet/v1/admin.proto


export interface VerifyAuditRequest {
}

export interface VerifyAuditRequest__Output {
}
