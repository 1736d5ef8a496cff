// Original file: proto/xnet/v1/diagnosis.proto


export interface FindPathEndResponse {
  'node'?: (string);
  'nodeAddress'?: (string);
  'container'?: (string);
  'address'?: (string);
  'subnet'?: (string);
  'connected'?: (boolean);
  'static'?: (boolean);
}

export interface FindPathEndResponse__Output {
  'node': (string);
  'nodeAddress': (string);
  'container': (string);
  'address': (string);
  'subnet': (string);
  'connected': (boolean);
  'static': (boolean);
}
