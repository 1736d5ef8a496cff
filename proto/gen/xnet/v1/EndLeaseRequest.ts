// Original file: proto/xnet/v1/lease.proto


export interface EndLeaseRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'node'?: (string);
  'subnet'?: (string);
  'force'?: (boolean);
}

export interface EndLeaseRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'node': (string);
  'subnet': (string);
  'force': (boolean);
}
