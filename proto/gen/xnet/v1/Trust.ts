// Original file: proto/xnet/v1/node.proto


export interface Trust {
  'authority'?: (string)[];
  'spreadMs'?: (number);
  'controllers'?: (string)[];
}

export interface Trust__Output {
  'authority': (string)[];
  'spreadMs': (number);
  'controllers': (string)[];
}
