// Original file: proto/xnet/v1/types.proto


export interface RouteCounts {
  'desired'?: (number);
  'installed'?: (number);
  'conflicting'?: (number);
  'unreachable'?: (number);
}

export interface RouteCounts__Output {
  'desired': (number);
  'installed': (number);
  'conflicting': (number);
  'unreachable': (number);
}
