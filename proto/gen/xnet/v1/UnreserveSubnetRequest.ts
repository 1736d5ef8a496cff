// Original file: proto/xnet/v1/pool.proto


export interface UnreserveSubnetRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'pool'?: (string);
  'cidr'?: (string);
}

export interface UnreserveSubnetRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'pool': (string);
  'cidr': (string);
}
