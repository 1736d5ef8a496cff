// Original file: proto/xnet/v1/static_route.proto


export interface RemoveStaticRouteRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'subnet'?: (string);
}

export interface RemoveStaticRouteRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'subnet': (string);
}
