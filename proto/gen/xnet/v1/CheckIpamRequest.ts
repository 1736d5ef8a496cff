// Original file: proto/xnet/v1/ipam.proto


export interface CheckIpamRequest {
}

export interface CheckIpamRequest__Output {
}
