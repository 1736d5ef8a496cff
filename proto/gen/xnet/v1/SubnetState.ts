// Original file: proto/xnet/v1/types.proto

export const SubnetState = {
  SUBNET_STATE_UNSPECIFIED: 'SUBNET_STATE_UNSPECIFIED',
  SUBNET_STATE_LEASED: 'SUBNET_STATE_LEASED',
  SUBNET_STATE_RESERVED: 'SUBNET_STATE_RESERVED',
  SUBNET_STATE_QUARANTINED: 'SUBNET_STATE_QUARANTINED',
  SUBNET_STATE_STATIC: 'SUBNET_STATE_STATIC',
} as const;

export type SubnetState =
  | 'SUBNET_STATE_UNSPECIFIED'
  | 0
  | 'SUBNET_STATE_LEASED'
  | 1
  | 'SUBNET_STATE_RESERVED'
  | 2
  | 'SUBNET_STATE_QUARANTINED'
  | 3
  | 'SUBNET_STATE_STATIC'
  | 4

export type SubnetState__Output = typeof SubnetState[keyof typeof SubnetState]
