// Original file: proto/xnet/v1/join.proto


export interface JoinResponse {
  'certificate'?: (string);
  'authority'?: (string)[];
  'clusterId'?: (string);
  'nodeId'?: (string);
  'nodeName'?: (string);
  'controllers'?: (string)[];
  'subnet'?: (string);
  'pools'?: (string)[];
}

export interface JoinResponse__Output {
  'certificate': (string);
  'authority': (string)[];
  'clusterId': (string);
  'nodeId': (string);
  'nodeName': (string);
  'controllers': (string)[];
  'subnet': (string);
  'pools': (string)[];
}
