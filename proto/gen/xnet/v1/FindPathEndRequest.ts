// Original file: proto/xnet/v1/diagnosis.proto


export interface FindPathEndRequest {
  'text'?: (string);
}

export interface FindPathEndRequest__Output {
  'text': (string);
}
