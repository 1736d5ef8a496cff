// Original file: proto/xnet/v1/static_route.proto


export interface StaticRoute {
  'subnet'?: (string);
  'nextHop'?: (string);
  'name'?: (string);
  'pool'?: (string);
}

export interface StaticRoute__Output {
  'subnet': (string);
  'nextHop': (string);
  'name': (string);
  'pool': (string);
}
