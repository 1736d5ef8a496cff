// Original file: proto/xnet/v1/static_route.proto


export interface AddStaticRouteRequest {
  'operationId'?: (string);
  'dryRun'?: (boolean);
  'subnet'?: (string);
  'nextHop'?: (string);
  'name'?: (string);
}

export interface AddStaticRouteRequest__Output {
  'operationId': (string);
  'dryRun': (boolean);
  'subnet': (string);
  'nextHop': (string);
  'name': (string);
}
