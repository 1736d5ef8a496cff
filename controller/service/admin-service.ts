// Binds the operators' calls to the service definition. It makes no decisions.

import type { AdminServiceHandlers } from '../../proto/gen/xnet/v1/AdminService.js';
import type { Convergence } from '../../proto/gen/xnet/v1/Convergence.js';
import type { Event } from '../../proto/gen/xnet/v1/Event.js';
import type { ListEventsRequest__Output } from '../../proto/gen/xnet/v1/ListEventsRequest.js';
import type { ListNodesRequest__Output } from '../../proto/gen/xnet/v1/ListNodesRequest.js';
import type { ListNodesResponse } from '../../proto/gen/xnet/v1/ListNodesResponse.js';
import type { RotateAuthorityRequest__Output } from '../../proto/gen/xnet/v1/RotateAuthorityRequest.js';
import type { RotationProgress } from '../../proto/gen/xnet/v1/RotationProgress.js';
import type { WatchConvergenceRequest__Output } from '../../proto/gen/xnet/v1/WatchConvergenceRequest.js';
import { services } from '../../proto/rpc/definitions.js';
import { peerOf } from '../../proto/rpc/peer.js';
import { type ServiceBinding, serverStream, unary } from '../../proto/rpc/server.js';
import { type AdminDeps, liveOf } from './admin-deps.js';
import { AuditCalls } from './audit-calls.js';
import { AuthorityCalls } from './authority-calls.js';
import { EventCalls } from './event-calls.js';
import { NodeCalls } from './node-calls.js';
import { PoolCalls } from './pool-calls.js';
import { StatusCalls } from './status-calls.js';

/** adminService binds the operators' calls. */
export function adminService({ state, registries, controller }: AdminDeps): ServiceBinding {
  const { feed, store, sessions, finder } = state;
  const live = () => liveOf(sessions);
  const pools = new PoolCalls({ feed, pools: registries.pools });
  const nodes = new NodeCalls({ feed, finder, store, live, nodes: registries.nodes, authority: registries.authority });
  const events = new EventCalls(store, feed);
  const status = new StatusCalls({ feed, sessions, controller });
  const { authority: ca, certificates, tokens } = registries;
  const authority = new AuthorityCalls({
    feed,
    finder,
    live,
    authority: ca,
    certificates,
    tokens,
    ports: controller.ports,
  });
  const audit = new AuditCalls(controller.audit);
  const implementation = {
    CreatePool: unary((request) => pools.create(request)),
    ListPools: unary(() => pools.list()),
    GetPool: unary((request) => pools.get(request)),
    RemovePool: unary((request) => pools.remove(request)),
    ReserveSubnet: unary((request) => pools.reserve(request)),
    UnreserveSubnet: unary((request) => pools.unreserve(request)),
    ListSubnets: unary((request) => pools.listSubnets(request)),
    ReleaseSubnet: unary((request) => pools.release(request)),
    AddNode: unary((request, call) => nodes.add(request, peerOf(call))),
    ListNodes: unary(async (request) => nodes.list(request)),
    GetNode: unary((request) => nodes.get(request)),
    SetNode: unary((request) => nodes.set(request)),
    RemoveNode: unary((request) => nodes.remove(request)),
    WatchNodes: serverStream<ListNodesRequest__Output, ListNodesResponse>((request, call, gone) =>
      status.watchNodes(() => nodes.list(request), call, gone),
    ),
    WatchConvergence: serverStream<WatchConvergenceRequest__Output, Convergence>((request, call, gone) =>
      status.watchConvergence(request, call, gone),
    ),
    ListRoutes: unary((request) => status.routes(request)),
    ListEvents: unary((request) => events.list(request)),
    WatchEvents: serverStream<ListEventsRequest__Output, Event>((request, call, gone) =>
      events.watch(request, call, gone),
    ),
    GetStatus: unary(() => status.status()),
    RemoveController: unary((request) => status.removeController(request)),
    Init: unary((request) => authority.init(request)),
    CreateToken: unary((request, call) => authority.createToken(request, peerOf(call))),
    ListTokens: unary(async () => authority.listTokens()),
    RevokeToken: unary((request) => authority.revokeToken(request)),
    ListCertificates: unary(async (request) => authority.listCertificates(request)),
    IssueCertificate: unary((request) => authority.issue(request)),
    RevokeCertificate: unary((request) => authority.revokeCertificate(request)),
    RevokeNode: unary((request) => authority.revokeNode(request)),
    GetAuthority: unary(async () => authority.getAuthority()),
    ListAudit: unary((request) => audit.list(request)),
    VerifyAudit: unary(() => audit.verify()),
    RotateAuthority: serverStream<RotateAuthorityRequest__Output, RotationProgress>((request, call, gone) =>
      authority.rotate(request, call, gone),
    ),
  } satisfies Partial<AdminServiceHandlers>;
  // gRPC answers UNIMPLEMENTED for unbound calls.
  return { definition: services.admin.service, implementation };
}
