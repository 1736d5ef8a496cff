// Original file: proto/xnet/v1/network.proto


export interface NodeSelector {
  'all'?: (boolean);
  'labels'?: ({[key: string]: string});
  'nodes'?: (string)[];
  'none'?: (boolean);
}

export interface NodeSelector__Output {
  'all': (boolean);
  'labels': ({[key: string]: string});
  'nodes': (string)[];
  'none': (boolean);
}
