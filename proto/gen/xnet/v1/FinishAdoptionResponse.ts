// Original file: proto/xnet/v1/backup.proto


export interface FinishAdoptionResponse {
  'unchanged'?: (boolean);
}

export interface FinishAdoptionResponse__Output {
  'unchanged': (boolean);
}
