// Original file: proto/xnet/v1/local.proto


export interface LocalLeaveRequest {
  'force'?: (boolean);
  'localOnly'?: (boolean);
}

export interface LocalLeaveRequest__Output {
  'force': (boolean);
  'localOnly': (boolean);
}
