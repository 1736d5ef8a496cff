// Original file: proto/xnet/v1/status.proto


export interface StoreStatus {
  'endpoints'?: (string)[];
  'embedded'?: (boolean);
  'connected'?: (boolean);
  'refusal'?: (string);
  'resyncs'?: (number);
  'warnings'?: (string)[];
}

export interface StoreStatus__Output {
  'endpoints': (string)[];
  'embedded': (boolean);
  'connected': (boolean);
  'refusal': (string);
  'resyncs': (number);
  'warnings': (string)[];
}
