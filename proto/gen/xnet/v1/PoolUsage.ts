// Original file: proto/xnet/v1/types.proto


export interface PoolUsage {
  'total'?: (number);
  'leased'?: (number);
  'reserved'?: (number);
  'quarantined'?: (number);
  'free'?: (number);
  'staticRoutes'?: (number);
}

export interface PoolUsage__Output {
  'total': (number);
  'leased': (number);
  'reserved': (number);
  'quarantined': (number);
  'free': (number);
  'staticRoutes': (number);
}
