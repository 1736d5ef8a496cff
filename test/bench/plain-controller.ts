// A controller for nodes only that uses plaintext over a unix socket and trusts its callers: the cost of a real controller
// without certificates. Arguments: the etcd, the socket.

import { setMaxListeners } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { pino } from 'pino';
import { Authority } from '../../controller/authority/authority.js';
import { CertificateRegistry } from '../../controller/authority/certificates.js';
import { CommitQueue } from '../../controller/registry/commit-queue.js';
import { LeaseRegistry } from '../../controller/registry/leases.js';
import type { Context } from '../../controller/registry/mutation.js';
import { NodeRegistry } from '../../controller/registry/nodes.js';
import { nodeService } from '../../controller/service/node-service.js';
import { Presence } from '../../controller/session/presence.js';
import { Sessions } from '../../controller/session/sessions.js';
import { EtcdStore } from '../../controller/store/etcd.js';
import { ViewFeed } from '../../controller/view/view-feed.js';
import { requireDeadline } from '../../proto/rpc/deadlines.js';
import { serverLimits } from '../../proto/rpc/limits.js';
import { attachPeer } from '../../proto/rpc/peer.js';

const [endpoint = '', socket = ''] = process.argv.slice(2);
const log = pino({ level: 'silent' });
const dir = mkdtempSync(join(tmpdir(), 'xnet-plain-'));
const etcdStore = new EtcdStore({ endpoints: [endpoint], prefix: '/xnet/v1/' });
const feed = new ViewFeed({
  store: etcdStore,
  log,
  acceptStore: false,
  seenPath: join(dir, 'store.json'),
  newClusterId: () => 'plain',
});
const commits = new CommitQueue({ store: etcdStore, reached: (revision, ms) => feed.reached(revision, ms) });
const { store } = commits;
const record = { version: '0', startedMs: Date.now(), addresses: [], joinAddresses: [], registration: '' };
const presence = new Presence({ store, feed, log }, 'plain-1', record);
const sessions = new Sessions({ store, feed, presence, log });
const context: Context = { store, commits, feed, log, now: Date.now };
const nodes = new NodeRegistry(context);
const authority = new Authority(context, join(dir, 'cluster.key'));
const certificates = new CertificateRegistry(context, authority);
const { definition, implementation } = nodeService({
  feed,
  store,
  sessions,
  nodes,
  leases: new LeaseRegistry(context),
  certificates,
  authority,
  alive: async () => true,
});

type Handler = (call: { readonly metadata: grpc.Metadata; readonly request: object }, ...rest: unknown[]) => unknown;

// The caller is the identity that the call claims.
function believed(handler: Handler): Handler {
  return (call, ...rest) => {
    const { nodeId, nodeName } = call.request as { readonly nodeId: string; readonly nodeName?: string };
    const id = nodeId === '' ? (feed.view.nodeOfName.get(nodeName ?? '') ?? '') : nodeId;
    const identity = { clusterId: feed.version.clusterId, role: 'node', id } as const;
    attachPeer(call.metadata, { kind: 'certificate', identity, serial: '', address: '127.0.0.1' });
    return handler(call, ...rest);
  };
}

const server = new grpc.Server({ ...serverLimits, interceptors: [requireDeadline] });
server.addService(
  definition,
  Object.fromEntries(
    Object.entries(implementation).map(([name, handler]) => [name, believed(handler as unknown as Handler)]),
  ) as grpc.UntypedServiceImplementation,
);
const forever = new AbortController().signal;
setMaxListeners(0, forever);
void feed.run(forever);
void presence.run(forever);
feed.onChange(() => {
  if (feed.ready) process.send?.('ready');
});
server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
// The benchmark has ended.
process.on('disconnect', () => process.exit());
