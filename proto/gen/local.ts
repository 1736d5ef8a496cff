import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { LocalLeaveProgress as _xnet_v1_LocalLeaveProgress, LocalLeaveProgress__Output as _xnet_v1_LocalLeaveProgress__Output } from './xnet/v1/LocalLeaveProgress.js';
import type { LocalLeaveRequest as _xnet_v1_LocalLeaveRequest, LocalLeaveRequest__Output as _xnet_v1_LocalLeaveRequest__Output } from './xnet/v1/LocalLeaveRequest.js';
import type { LocalServiceClient as _xnet_v1_LocalServiceClient, LocalServiceDefinition as _xnet_v1_LocalServiceDefinition } from './xnet/v1/LocalService.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  xnet: {
    v1: {
      LocalLeaveProgress: MessageTypeDefinition<_xnet_v1_LocalLeaveProgress, _xnet_v1_LocalLeaveProgress__Output>
      LocalLeaveRequest: MessageTypeDefinition<_xnet_v1_LocalLeaveRequest, _xnet_v1_LocalLeaveRequest__Output>
      LocalService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_LocalServiceClient> & { service: _xnet_v1_LocalServiceDefinition }
    }
  }
}

