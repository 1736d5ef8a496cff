// Original file: proto/xnet/v1/rollout.proto


export interface GetRolloutRequest {
  'rollout'?: (string);
}

export interface GetRolloutRequest__Output {
  'rollout': (string);
}
