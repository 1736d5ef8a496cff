// Original file: proto/xnet/v1/diagnosis.proto


export interface ContainerFindings {
  'name'?: (string);
  'id'?: (string);
  'state'?: (string);
  'addresses'?: (string)[];
}

export interface ContainerFindings__Output {
  'name': (string);
  'id': (string);
  'state': (string);
  'addresses': (string)[];
}
