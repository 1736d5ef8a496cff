// Original file: proto/xnet/v1/pool.proto


export interface ReleaseSubnetRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'cidr'?: (string);
}

export interface ReleaseSubnetRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'cidr': (string);
}
