// Original file: proto/xnet/v1/ipam.proto


export interface ReleaseFindingResponse {
  'change'?: (string);
}

export interface ReleaseFindingResponse__Output {
  'change': (string);
}
