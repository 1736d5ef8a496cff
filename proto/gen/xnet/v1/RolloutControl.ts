// Original file: proto/xnet/v1/rollout.proto

export const RolloutControl = {
  ROLLOUT_CONTROL_UNSPECIFIED: 'ROLLOUT_CONTROL_UNSPECIFIED',
  ROLLOUT_CONTROL_PAUSE: 'ROLLOUT_CONTROL_PAUSE',
  ROLLOUT_CONTROL_RESUME: 'ROLLOUT_CONTROL_RESUME',
  ROLLOUT_CONTROL_CANCEL: 'ROLLOUT_CONTROL_CANCEL',
  ROLLOUT_CONTROL_UNDO: 'ROLLOUT_CONTROL_UNDO',
} as const;

export type RolloutControl =
  | 'ROLLOUT_CONTROL_UNSPECIFIED'
  | 0
  | 'ROLLOUT_CONTROL_PAUSE'
  | 1
  | 'ROLLOUT_CONTROL_RESUME'
  | 2
  | 'ROLLOUT_CONTROL_CANCEL'
  | 3
  | 'ROLLOUT_CONTROL_UNDO'
  | 4

export type RolloutControl__Output = typeof RolloutControl[keyof typeof RolloutControl]
