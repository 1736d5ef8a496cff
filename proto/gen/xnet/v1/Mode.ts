// Original file: proto/xnet/v1/lease_types.proto

export const Mode = {
  MODE_UNSPECIFIED: 'MODE_UNSPECIFIED',
  MODE_BIP: 'MODE_BIP',
  MODE_BRIDGE: 'MODE_BRIDGE',
  MODE_BLOCK: 'MODE_BLOCK',
  MODE_LAN: 'MODE_LAN',
} as const;

export type Mode =
  | 'MODE_UNSPECIFIED'
  | 0
  | 'MODE_BIP'
  | 1
  | 'MODE_BRIDGE'
  | 2
  | 'MODE_BLOCK'
  | 3
  | 'MODE_LAN'
  | 4

export type Mode__Output = typeof Mode[keyof typeof Mode]
