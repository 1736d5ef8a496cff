// Original file: proto/xnet/v1/status.proto


export interface UndecodableKey {
  'key'?: (string);
  'problem'?: (string);
}

export interface UndecodableKey__Output {
  'key': (string);
  'problem': (string);
}
