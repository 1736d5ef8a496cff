// Original file: proto/xnet/v1/access.proto

export const Access = {
  ACCESS_UNSPECIFIED: 'ACCESS_UNSPECIFIED',
  ANYONE: 'ANYONE',
  NODE: 'NODE',
  VIEWER: 'VIEWER',
  OPERATOR: 'OPERATOR',
  ADMIN: 'ADMIN',
  LOCAL: 'LOCAL',
} as const;

export type Access =
  | 'ACCESS_UNSPECIFIED'
  | 0
  | 'ANYONE'
  | 1
  | 'NODE'
  | 2
  | 'VIEWER'
  | 3
  | 'OPERATOR'
  | 4
  | 'ADMIN'
  | 5
  | 'LOCAL'
  | 6

export type Access__Output = typeof Access[keyof typeof Access]
