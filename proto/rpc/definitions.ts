// The services, loaded once from the checked-in descriptor: no file is read at run time, so a bundle works anywhere.
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import type { ProtoGrpcType as AdminTypes } from '../gen/admin.js';
import { descriptor } from '../gen/descriptor.js';
import type { ProtoGrpcType as JoinTypes } from '../gen/join.js';
import type { ProtoGrpcType as LocalTypes } from '../gen/local.js';
import type { ProtoGrpcType as NodeTypes } from '../gen/node.js';
import { loaderOptions } from './loader-options.js';

/** packageDefinition describes every message and service of xnet.v1, as the reflection service needs it. */
export const packageDefinition: protoLoader.PackageDefinition = protoLoader.fromJSON(
  // protobufjs's own JSON; its declared type requires `fields`, which toJSON omits when empty.
  descriptor as unknown as Parameters<typeof protoLoader.fromJSON>[0],
  loaderOptions,
);

const loaded = grpc.loadPackageDefinition(packageDefinition) as unknown as AdminTypes &
  JoinTypes &
  LocalTypes &
  NodeTypes;

/** services are the client constructors, each with its `.service` definition for a server. */
export const services = {
  admin: loaded.xnet.v1.AdminService,
  node: loaded.xnet.v1.NodeService,
  join: loaded.xnet.v1.JoinService,
  local: loaded.xnet.v1.LocalService,
} as const;
