// Original file: proto/xnet/v1/ipam.proto


export interface ResizePoolRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'name'?: (string);
  'cidr'?: (string);
}

export interface ResizePoolRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'name': (string);
  'cidr': (string);
}
