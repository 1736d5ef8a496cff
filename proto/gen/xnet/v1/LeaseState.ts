// Original file: proto/xnet/v1/lease_types.proto

export const LeaseState = {
  LEASE_STATE_UNSPECIFIED: 'LEASE_STATE_UNSPECIFIED',
  LEASE_STATE_WANTED: 'LEASE_STATE_WANTED',
  LEASE_STATE_IN_FORCE: 'LEASE_STATE_IN_FORCE',
  LEASE_STATE_ENDING: 'LEASE_STATE_ENDING',
} as const;

export type LeaseState =
  | 'LEASE_STATE_UNSPECIFIED'
  | 0
  | 'LEASE_STATE_WANTED'
  | 1
  | 'LEASE_STATE_IN_FORCE'
  | 2
  | 'LEASE_STATE_ENDING'
  | 3

export type LeaseState__Output = typeof LeaseState[keyof typeof LeaseState]
