// Original file: proto/xnet/v1/node_admin.proto


export interface ListNodesRequest {
  'summary'?: (boolean);
}

export interface ListNodesRequest__Output {
  'summary': (boolean);
}
