// Original file: proto/xnet/v1/security.proto


export interface VerifyAuditRequest {
}

export interface VerifyAuditRequest__Output {
}
