// The services, loaded once from the checked-in descriptor: no file is read at run time, so a bundle works anywhere.
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import type { ProtoGrpcType as AdminTypes } from '../gen/admin.js';
import type { ProtoGrpcType as BackupTypes } from '../gen/backup.js';
import { descriptor } from '../gen/descriptor.js';
import type { ProtoGrpcType as DiagnosisTypes } from '../gen/diagnosis.js';
import type { ProtoGrpcType as HeldRouteTypes } from '../gen/held_route.js';
import type { ProtoGrpcType as IpamTypes } from '../gen/ipam.js';
import type { ProtoGrpcType as JoinTypes } from '../gen/join.js';
import type { ProtoGrpcType as LeaseTypes } from '../gen/lease.js';
import type { ProtoGrpcType as LifecycleTypes } from '../gen/lifecycle.js';
import type { ProtoGrpcType as NetworkTypes } from '../gen/network.js';
import type { ProtoGrpcType as NicTypes } from '../gen/nic.js';
import type { ProtoGrpcType as NodeTypes } from '../gen/node.js';
import type { ProtoGrpcType as RolloutTypes } from '../gen/rollout.js';
import type { ProtoGrpcType as StaticRouteTypes } from '../gen/static_route.js';
import type { AdminServiceClient } from '../gen/xnet/v1/AdminService.js';
import type { BackupServiceClient } from '../gen/xnet/v1/BackupService.js';
import type { DiagnosisServiceClient } from '../gen/xnet/v1/DiagnosisService.js';
import type { HeldRouteServiceClient } from '../gen/xnet/v1/HeldRouteService.js';
import type { IpamServiceClient } from '../gen/xnet/v1/IpamService.js';
import type { LeaseServiceClient } from '../gen/xnet/v1/LeaseService.js';
import type { LifecycleServiceClient } from '../gen/xnet/v1/LifecycleService.js';
import type { NetworkServiceClient } from '../gen/xnet/v1/NetworkService.js';
import type { NicServiceClient } from '../gen/xnet/v1/NicService.js';
import type { RolloutServiceClient } from '../gen/xnet/v1/RolloutService.js';
import type { StaticRouteServiceClient } from '../gen/xnet/v1/StaticRouteService.js';
import { loaderOptions } from './loader-options.js';

/** packageDefinition describes every message and service of xnet.v1, as the reflection service needs it. */
export const packageDefinition: protoLoader.PackageDefinition = protoLoader.fromJSON(
  // protobufjs's own JSON; its declared type requires `fields`, which toJSON omits when empty.
  descriptor as unknown as Parameters<typeof protoLoader.fromJSON>[0],
  loaderOptions,
);

const loaded = grpc.loadPackageDefinition(packageDefinition) as unknown as AdminTypes &
  BackupTypes &
  DiagnosisTypes &
  IpamTypes &
  JoinTypes &
  LeaseTypes &
  LifecycleTypes &
  NicTypes &
  NodeTypes &
  RolloutTypes &
  HeldRouteTypes &
  StaticRouteTypes &
  NetworkTypes;

const {
  AdminService,
  BackupService,
  DiagnosisService,
  LookService,
  IpamService,
  JoinService,
  LeaseService,
  LifecycleService,
  NicService,
  NodeService,
  RolloutService,
  HeldRouteService,
  StaticRouteService,
  NetworkService,
} = loaded.xnet.v1;

/** OperatorClient makes the operators' calls: those of every service that people use. */
export type OperatorClient = AdminServiceClient &
  BackupServiceClient &
  DiagnosisServiceClient &
  IpamServiceClient &
  LeaseServiceClient &
  LifecycleServiceClient &
  NicServiceClient &
  RolloutServiceClient &
  HeldRouteServiceClient &
  StaticRouteServiceClient &
  NetworkServiceClient;

type OperatorConstructor = new (...args: ConstructorParameters<typeof grpc.Client>) => OperatorClient;

/** services are the client constructors, each with its `.service` definition for a server. */
export const services = {
  admin: AdminService,
  backup: BackupService,
  diagnosis: DiagnosisService,
  look: LookService,
  ipam: IpamService,
  lease: LeaseService,
  lifecycle: LifecycleService,
  nic: NicService,
  rollout: RolloutService,
  heldRoute: HeldRouteService,
  staticRoute: StaticRouteService,
  network: NetworkService,
  node: NodeService,
  join: JoinService,
  /** A client of all operators' services over one connection; no two of them have a call of the same name. */
  operator: grpc.makeGenericClientConstructor(
    {
      ...AdminService.service,
      ...BackupService.service,
      ...DiagnosisService.service,
      ...IpamService.service,
      ...LeaseService.service,
      ...LifecycleService.service,
      ...NicService.service,
      ...RolloutService.service,
      ...HeldRouteService.service,
      ...StaticRouteService.service,
      ...NetworkService.service,
    },
    'operator',
  ) as unknown as OperatorConstructor,
} as const;
