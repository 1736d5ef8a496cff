// Original file: proto/xnet/v1/diagnosis.proto


export interface TraceStep {
  'family'?: (string);
  'table'?: (string);
  'chain'?: (string);
  'rule'?: (string);
  'verdict'?: (string);
  'position'?: (number);
  'iptables'?: (boolean);
}

export interface TraceStep__Output {
  'family': (string);
  'table': (string);
  'chain': (string);
  'rule': (string);
  'verdict': (string);
  'position': (number);
  'iptables': (boolean);
}
