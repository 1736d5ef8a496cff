// Original file: proto/xnet/v1/node.proto


export interface LeaveRequest {
  'nodeName'?: (string);
  'nodeId'?: (string);
  'done'?: (boolean);
  'operationId'?: (string);
  'hostFingerprint'?: (string);
}

export interface LeaveRequest__Output {
  'nodeName': (string);
  'nodeId': (string);
  'done': (boolean);
  'operationId': (string);
  'hostFingerprint': (string);
}
