// Original file: proto/xnet/v1/held_route.proto


export interface ApproveWithdrawalsResponse {
  'unchanged'?: (boolean);
  'change'?: (string);
}

export interface ApproveWithdrawalsResponse__Output {
  'unchanged': (boolean);
  'change': (string);
}
