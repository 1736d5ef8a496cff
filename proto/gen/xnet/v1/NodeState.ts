// Original file: proto/xnet/v1/types.proto

export const NodeState = {
  NODE_STATE_UNSPECIFIED: 'NODE_STATE_UNSPECIFIED',
  NODE_STATE_PENDING: 'NODE_STATE_PENDING',
  NODE_STATE_PROGRESSING: 'NODE_STATE_PROGRESSING',
  NODE_STATE_READY: 'NODE_STATE_READY',
  NODE_STATE_DEGRADED: 'NODE_STATE_DEGRADED',
  NODE_STATE_DOWN: 'NODE_STATE_DOWN',
} as const;

export type NodeState =
  | 'NODE_STATE_UNSPECIFIED'
  | 0
  | 'NODE_STATE_PENDING'
  | 1
  | 'NODE_STATE_PROGRESSING'
  | 2
  | 'NODE_STATE_READY'
  | 3
  | 'NODE_STATE_DEGRADED'
  | 4
  | 'NODE_STATE_DOWN'
  | 5

export type NodeState__Output = typeof NodeState[keyof typeof NodeState]
