import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from './xnet/v1/ContainerUse.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from './xnet/v1/Lan.js';
import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from './xnet/v1/Lease.js';
import type { LeaseUse as _xnet_v1_LeaseUse, LeaseUse__Output as _xnet_v1_LeaseUse__Output } from './xnet/v1/LeaseUse.js';
import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from './xnet/v1/Nic.js';
import type { NicList as _xnet_v1_NicList, NicList__Output as _xnet_v1_NicList__Output } from './xnet/v1/NicList.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from './xnet/v1/NicUse.js';
import type { Permit as _xnet_v1_Permit, Permit__Output as _xnet_v1_Permit__Output } from './xnet/v1/Permit.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  xnet: {
    v1: {
      ContainerUse: MessageTypeDefinition<_xnet_v1_ContainerUse, _xnet_v1_ContainerUse__Output>
      Lan: MessageTypeDefinition<_xnet_v1_Lan, _xnet_v1_Lan__Output>
      Lease: MessageTypeDefinition<_xnet_v1_Lease, _xnet_v1_Lease__Output>
      LeaseState: EnumTypeDefinition
      LeaseUse: MessageTypeDefinition<_xnet_v1_LeaseUse, _xnet_v1_LeaseUse__Output>
      Mode: EnumTypeDefinition
      Nic: MessageTypeDefinition<_xnet_v1_Nic, _xnet_v1_Nic__Output>
      NicList: MessageTypeDefinition<_xnet_v1_NicList, _xnet_v1_NicList__Output>
      NicUse: MessageTypeDefinition<_xnet_v1_NicUse, _xnet_v1_NicUse__Output>
      Permit: MessageTypeDefinition<_xnet_v1_Permit, _xnet_v1_Permit__Output>
    }
  }
}

