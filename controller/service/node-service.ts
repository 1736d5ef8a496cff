// The nodes' calls. Each returns or sends values; exceptions become the call's status.
import type { Metadata, ServerWritableStream } from '@grpc/grpc-js';
import { formatPrefix, prefixesEqual } from '../../proto/domain/address.js';
import { quoted } from '../../proto/domain/input.js';
import { type Assignment, type Lease, type LeaseUse, primaryLease } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { LeaveRequest__Output } from '../../proto/gen/xnet/v1/LeaveRequest.js';
import type { LeaveResponse } from '../../proto/gen/xnet/v1/LeaveResponse.js';
import type { RenewCertificateRequest__Output } from '../../proto/gen/xnet/v1/RenewCertificateRequest.js';
import type { RenewCertificateResponse } from '../../proto/gen/xnet/v1/RenewCertificateResponse.js';
import type { ReportRequest__Output } from '../../proto/gen/xnet/v1/ReportRequest.js';
import type { ReportResponse } from '../../proto/gen/xnet/v1/ReportResponse.js';
import type { WatchRequest__Output } from '../../proto/gen/xnet/v1/WatchRequest.js';
import { Allowances } from '../../proto/rpc/allowance.js';
import { prefixFromWire, statusFromReport, versionFromWire } from '../../proto/rpc/convert.js';
import { services } from '../../proto/rpc/definitions.js';
import { nodeIdOf, peerOf } from '../../proto/rpc/peer.js';
import { type ServiceBinding, serverStream, unary } from '../../proto/rpc/server.js';
import type { Authority } from '../authority/authority.js';
import type { CertificateRegistry } from '../authority/certificates.js';
import type { LeaseRegistry } from '../registry/leases.js';
import type { NodeRegistry } from '../registry/nodes.js';
import { isNamed } from '../registry/rename-node.js';
import { absenceOf } from '../registry/restored.js';
import type { Start } from '../session/fanout.js';
import type { Sessions } from '../session/sessions.js';
import { keys } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { assignmentOf } from '../view/assignment.js';
import type { ViewFeed } from '../view/view-feed.js';
import { FollowedAddresses } from './followed-addresses.js';
import { requireKnownModes } from './known-modes.js';
import { ReportPace } from './report-pace.js';
import { ReturnedHosts } from './returned-hosts.js';

/** NodeServiceDeps are the dependencies of the calls. */
export type NodeServiceDeps = {
  readonly feed: Pick<ViewFeed, 'view' | 'version' | 'reached' | 'onChange'>;
  readonly store: Pick<Store, 'list'>;
  readonly sessions: Sessions;
  readonly nodes: NodeRegistry;
  readonly leases: Pick<LeaseRegistry, 'finish'>;
  readonly certificates: Pick<CertificateRegistry, 'renew'>;
  readonly authority: Pick<Authority, 'require'>;
  /** Reports whether the other end of a connection ("192.168.83.7:40123") answers within a few seconds. */
  readonly alive: (connection: string) => Promise<boolean>;
};

type Call = { readonly metadata: Metadata };

const reportEveryMs = 30_000;
// How long a view may lag behind what a node has already seen through another controller.
const catchUpMs = 2_000;

// A certificate is renewed a few times in its life, which may be minutes in a test; each renewal is a record.
const renewals = { burst: 20, perSecond: 0.1 };

class DaemonCalls {
  readonly #deps: NodeServiceDeps;
  readonly #renewals = new Allowances(renewals);
  readonly #followed: FollowedAddresses;
  readonly #pace = new ReportPace();
  readonly #returned: ReturnedHosts;

  constructor(deps: NodeServiceDeps) {
    this.#deps = deps;
    this.#followed = new FollowedAddresses(deps);
    this.#returned = new ReturnedHosts(deps);
  }

  async watch(
    request: WatchRequest__Output,
    call: ServerWritableStream<unknown, Buffer>,
    gone: AbortSignal,
  ): Promise<void> {
    const { feed, sessions } = this.#deps;
    const nodeId = nodeIdOf(call, request.nodeId);
    const start = await this.#startOf(request);
    const nodeName = await this.#returned.admit(nodeId, request);
    if (request.nodeName !== '' && !isNamed(feed.view, nodeId, request.nodeName)) {
      throw new XnetError('PermissionDenied', `this host is ${nodeName} and can't act for ${quoted(request.nodeName)}`);
    }
    const assignment = assignmentOf(feed.view, nodeId);
    if (assignment === undefined) {
      throw new XnetError('Unavailable', `a record of node ${nodeName} can't be read`, {
        hint: 'xctl status shows which',
      });
    }
    requireKnownModes(assignment, request.modes);
    const { hostFingerprint: fingerprint } = request;
    const peer = peerOf(call);
    const { serial, address } = peer.kind === 'certificate' ? peer : { serial: '', address: '' };
    const stream = await sessions.open(
      { nodeId, nodeName, fingerprint, serial, address, start, alive: () => this.#deps.alive(call.getPeer()) },
      call,
    );
    await new Promise<void>((resolve) => {
      if (gone.aborted) resolve();
      else gone.addEventListener('abort', () => resolve(), { once: true });
    });
    sessions.close(stream);
  }

  // Where the stream begins. A node must never get an older table than it has.
  async #startOf(request: WatchRequest__Output): Promise<Start> {
    const { feed, store } = this.#deps;
    if (request.fresh) return { kind: 'fresh', held: request.heldRoutes.map(prefixFromWire) };
    const has = versionFromWire(request.version);
    if (has === undefined) return { kind: 'nothing' };
    const { clusterId, epoch } = feed.version;
    if (has.clusterId !== clusterId) {
      throw new XnetError('FailedPrecondition', `this host belongs to cluster ${has.clusterId}, not to ${clusterId}`, {
        hint: 'point xnetd at its own controllers, or make it forget its cluster: xnetd leave --local',
      });
    }
    if (has.epoch < epoch) return { kind: 'nothing' };
    if (has.epoch === epoch && has.revision <= feed.version.revision) {
      return { kind: 'revision', revision: has.revision };
    }
    const lagging = await feed.reached(has.revision, catchUpMs).then(
      () => false,
      () => true,
    );
    if (!lagging && has.epoch === epoch) return { kind: 'revision', revision: has.revision };
    const { revision } = await store.list();
    if (has.epoch > epoch || revision < has.revision) {
      throw new XnetError(
        'FailedPrecondition',
        `the store is at revision ${revision} (epoch ${epoch}), this host has seen revision ${has.revision} ` +
          `(epoch ${has.epoch}): it was restored from an older backup`,
        {
          hint:
            has.epoch > epoch
              ? `if that is intended, start a controller once with --epoch-after ${has.epoch}`
              : 'if that is intended, start a controller once with --accept-store',
        },
      );
    }
    throw new XnetError('Unavailable', 'this controller lags behind what the host has seen: try another one');
  }

  async report(request: ReportRequest__Output, call: Call): Promise<ReportResponse> {
    const { feed, nodes, leases, sessions } = this.#deps;
    const { view, version } = feed;
    const nodeId = nodeIdOf(call, request.nodeId);
    const assignment = assignmentOf(view, nodeId);
    if (assignment === undefined) throw absenceOf(view, nodeId);
    sessions.requireSameHost(nodeId, request.hostFingerprint);
    const status = statusFromReport(request);
    requireUnfenced(assignment, request.generation, status.leases);
    const applied = versionFromWire(request.applied);
    const comparable = applied?.clusterId === version.clusterId && applied.epoch === version.epoch;
    sessions.report(nodeId, status, comparable ? applied.revision : undefined);
    // The stream was open before a restored store was accepted, or the node is being adopted.
    if (view.isAwaited(nodeId)) await nodes.confirm(nodeId);
    if (sessions.fanout.streamOf(nodeId) !== undefined) void leases.finish(nodeId, status, { request });
    await this.#followed.take(
      { nodeId, nodeName: assignment.nodeName, peer: peerOf(call), request },
      request.newAddress,
    );
    return { nextReportMs: reportEveryMs, spreadMs: this.#pace.spreadMs(sessions.fanout.streams.size) };
  }

  async leave(request: LeaveRequest__Output, call: Call): Promise<LeaveResponse> {
    const { feed, nodes, sessions } = this.#deps;
    const id = nodeIdOf(call, request.nodeId);
    const name = feed.view.nodes.get(id)?.record.name;
    // The node was removed already: nothing of this host is left to withdraw.
    if (name === undefined) return { peersPending: 0 };
    if (request.nodeName !== '' && !isNamed(feed.view, id, request.nodeName)) {
      throw new XnetError('PermissionDenied', `this host is ${name} and can't act for ${quoted(request.nodeName)}`);
    }
    sessions.requireSameHost(id, request.hostFingerprint);
    const mutation = { operationId: request.operationId, dryRun: false, request };
    if (request.done) {
      await nodes.leave(mutation, id);
      return { peersPending: 0 };
    }
    // The node repeats the call until all peers have withdrawn their routes; a state that is already recorded needs no
    // write.
    if (feed.view.nodes.get(id)?.record.availability !== 'leaving') {
      await nodes.set(mutation, id, { availability: 'leaving', setLabels: {}, removeLabels: [] });
    }
    const since = feed.view.modRevisionOf(keys.node(id));
    const { nodes: peers, applied } = sessions.progress(Math.min(since, this.#tableRevision()), id);
    return { peersPending: peers - applied };
  }

  async renew(request: RenewCertificateRequest__Output, call: Call): Promise<RenewCertificateResponse> {
    const { certificates, authority, sessions } = this.#deps;
    const nodeId = nodeIdOf(call, '');
    sessions.requireSameHost(nodeId, request.hostFingerprint);
    const now = performance.now();
    if (!this.#renewals.of(nodeId, now).take(now)) {
      throw new XnetError('ResourceExhausted', 'this host renews its certificate too often: at most every 10 seconds');
    }
    const peer = peerOf(call);
    const shown = peer.kind === 'certificate' ? peer.serial : '';
    const { certificate } = await certificates.renew({ nodeId, shown }, request.csr, { request });
    return { certificate, authority: [...authority.require().trusted] };
  }

  #tableRevision(): number {
    return this.#deps.sessions.fanout.table.changedAt;
  }
}

// A host that holds only leases of earlier grants is about to get its assignment: its report is out of date.
function requireUnfenced(assignment: Assignment, generation: number, uses: readonly LeaseUse[]): void {
  const { leases, nodeName } = assignment;
  const holds = (lease: Lease) =>
    uses.some((use) => use.generation === lease.generation && prefixesEqual(use.subnet, lease.subnet));
  // A daemon that knows one lease reports only its generation.
  if (uses.length === 0 ? generation === primaryLease(assignment).generation : leases.some(holds)) return;
  const own = leases.map((lease) => `${formatPrefix(lease.subnet)} of generation ${lease.generation}`).join(', ');
  throw new XnetError('Fenced', `the leases of ${nodeName} are ${own}`);
}

/** nodeService binds the nodes' calls. Messages of the watch stream are encoded before they reach gRPC. */
export function nodeService(deps: NodeServiceDeps): ServiceBinding {
  const calls = new DaemonCalls(deps);
  const { service } = services.node;
  return {
    definition: {
      ...service,
      Watch: { ...service.Watch, responseSerialize: (encoded: Buffer) => encoded },
    },
    implementation: {
      Watch: serverStream<WatchRequest__Output, Buffer>((request, call, gone) => calls.watch(request, call, gone)),
      Report: unary<ReportRequest__Output, ReportResponse>((request, call) => calls.report(request, call)),
      Leave: unary<LeaveRequest__Output, LeaveResponse>((request, call) => calls.leave(request, call)),
      RenewCertificate: unary<RenewCertificateRequest__Output, RenewCertificateResponse>((request, call) =>
        calls.renew(request, call),
      ),
    },
  };
}
