// Original file: proto/xnet/v1/pool.proto


export interface ReserveSubnetRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'pool'?: (string);
  'cidr'?: (string);
  'nodeName'?: (string);
  'reason'?: (string);
}

export interface ReserveSubnetRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'pool': (string);
  'cidr': (string);
  'nodeName': (string);
  'reason': (string);
}
