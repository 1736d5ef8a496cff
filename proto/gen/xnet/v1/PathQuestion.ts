// Original file: proto/xnet/v1/diagnosis.proto


export interface PathQuestion {
  'container'?: (string);
  'address'?: (string);
  'remote'?: (string);
  'remoteSubnet'?: (string);
  'remoteHost'?: (string);
}

export interface PathQuestion__Output {
  'container': (string);
  'address': (string);
  'remote': (string);
  'remoteSubnet': (string);
  'remoteHost': (string);
}
