// Puts the parts of a controller together, and takes them apart again in the reverse order.
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, XnetError } from '../proto/errors.js';
import { makeFolder } from '../proto/process/folder.js';
import type { Logger } from '../proto/process/log.js';
import { aborted, runParts } from '../proto/process/parts.js';
import { Systemd } from '../proto/process/systemd.js';
import { formatEndpoint } from '../proto/rpc/endpoint.js';
import { startServer } from '../proto/rpc/server.js';
import { Audit } from './audit/audit.js';
import { AuditLog } from './audit/audit-log.js';
import { Authority } from './authority/authority.js';
import { Listeners } from './listeners.js';
import { registrationOf } from './registration.js';
import { CertificateRegistry } from './registry/certificates.js';
import { CommitQueue } from './registry/commit-queue.js';
import { deregisterController } from './registry/controllers.js';
import type { Context } from './registry/mutation.js';
import { NodeRegistry } from './registry/nodes.js';
import { PoolRegistry } from './registry/pools.js';
import { runSweeps } from './registry/sweep.js';
import { TokenRegistry } from './registry/tokens.js';
import { adminService } from './service/admin-service.js';
import { joinService } from './service/join-service.js';
import { nodeService } from './service/node-service.js';
import { Clocks } from './session/clocks.js';
import { Presence } from './session/presence.js';
import { Sessions } from './session/sessions.js';
import { type ControllerSettings, joinEndpoints, localEndpoints } from './settings.js';
import { type EmbeddedEtcd, startEmbeddedEtcd } from './store/embedded-etcd.js';
import { EtcdStore } from './store/etcd.js';
import type { EtcdOptions } from './store/etcd-client.js';
import { EtcdExposure } from './store/etcd-exposure.js';
import { Gate } from './store/gate.js';
import { keys } from './store/keys.js';
import { Ages } from './view/ages.js';
import { logContradictions } from './view/contradiction-log.js';
import { ViewFeed } from './view/view-feed.js';
import { feedWatchdog } from './watchdog.js';

const graceMs = 2_000;

function readFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new XnetError('InvalidArgument', `can't read ${what} ${path}: ${messageOf(error)}`);
  }
}

function etcdOptions(settings: ControllerSettings, endpoints: readonly string[]): EtcdOptions {
  const { etcdCa, etcdCert, etcdKey, etcdUser, etcdPasswordFile } = settings;
  return {
    endpoints,
    prefix: settings.etcdPrefix,
    ...(etcdCa === undefined
      ? {}
      : {
          tls: {
            ca: readFile(etcdCa, '--etcd-ca'),
            ...(etcdCert === undefined ? {} : { cert: readFile(etcdCert, '--etcd-cert') }),
            ...(etcdKey === undefined ? {} : { key: readFile(etcdKey, '--etcd-key') }),
          },
        }),
    ...(etcdUser === undefined || etcdPasswordFile === undefined
      ? {}
      : {
          auth: {
            username: etcdUser,
            password: readFile(etcdPasswordFile, '--etcd-password-file').toString('utf8').trimEnd(),
          },
        }),
  };
}

async function embeddedEtcd(
  settings: ControllerSettings,
  log: Logger,
  signal: AbortSignal,
): Promise<EmbeddedEtcd | undefined> {
  if (settings.etcdEndpoints !== undefined) return undefined;
  return startEmbeddedEtcd(
    {
      dataDir: `${settings.dataDir}/etcd`,
      socketDir: `${settings.dataDir}/etcd.run`,
      log: log.child({ part: 'etcd' }),
    },
    signal,
  );
}

async function prepareFolder(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir, 0o700);
  } catch (error) {
    throw new XnetError('FailedPrecondition', `can't make the folder ${dataDir}: ${messageOf(error)}`, {
      hint: 'choose another with --data-dir',
      cause: error,
    });
  }
}

/**
 * runController runs a controller until `signal` aborts.
 * @throws XnetError when it can't start
 */
export async function runController(
  settings: ControllerSettings,
  version: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  // Before etcd is started, which would find the socket and say that it is ready itself.
  const systemd = new Systemd(log);
  await prepareFolder(settings.dataDir);
  const entries = await AuditLog.open({ dir: `${settings.dataDir}/audit`, log });
  const etcd = await embeddedEtcd(settings, log, signal);
  const endpoints = settings.etcdEndpoints ?? [etcd?.endpoint ?? ''];
  const storeOptions = etcdOptions(settings, endpoints);
  const etcdStore = new EtcdStore(storeOptions);
  const exposure = new EtcdExposure(storeOptions, log);
  const registration = await registrationOf(settings);
  const agesPath = `${settings.dataDir}/ages.json`;
  const ages = await new Ages().load(agesPath, log, Date.now());
  const feed = new ViewFeed({
    times: { ages, now: Date.now },
    store: etcdStore,
    log,
    seenPath: `${settings.dataDir}/store.json`,
    acceptStore: settings.acceptStore,
    newClusterId: randomUUID,
    ownKey: keys.registration(registration),
  });
  const gate = new Gate(etcdStore, feed, log);
  const commits = new CommitQueue({ store: gate, reached: (revision, ms) => feed.reached(revision, ms) });
  const { store } = commits;
  logContradictions(feed, log);
  const controllerId = `${registration}-${randomBytes(2).toString('hex')}`;
  const addresses = settings.listen.map(formatEndpoint);
  const record = {
    version,
    startedMs: Date.now(),
    addresses,
    joinAddresses: joinEndpoints(settings).map(formatEndpoint),
    registration,
  };
  const clocks = new Clocks(feed, registration);
  const presence = new Presence({ store, feed, log }, controllerId, record);
  const sessions = new Sessions({ store, feed, presence, log });
  const audit = new Audit({ entries, controllerId, now: Date.now, log });
  const context: Context = { store, commits, feed, log, now: Date.now, audit };
  const nodes = new NodeRegistry(context);
  const pools = new PoolRegistry(context);
  const tokens = new TokenRegistry(context);
  const authority = new Authority(context, `${settings.dataDir}/cluster.key`);
  const certificates = new CertificateRegistry(context, authority, {
    nodeTtlMs: settings.nodeCertificateTtl,
  });
  authority.onOpened(({ trusted }) => sessions.fanout.trust(trusted));
  const running = new AbortController();
  const stopped = AbortSignal.any([signal, running.signal]);
  let failure: unknown;
  const node = nodeService({
    feed,
    store,
    sessions,
    nodes,
    certificates,
    authority,
    alive: (connection) => listeners.alive(connection),
  });
  const admin = adminService({
    feed,
    store,
    sessions,
    nodes,
    pools,
    tokens,
    certificates,
    authority,
    controllerId,
    version,
    audit: entries,
    fleet: {
      registration,
      offsetOf: (id) => clocks.offsetOf(id),
      health: () => ({
        writeProblem: gate.problem,
        auditProblem: entries.problem,
        etcdProblems: etcdStore.problems,
      }),
      remove: (id, controller) => deregisterController(context, id, controller),
    },
    etcd: { endpoints, embedded: etcd !== undefined, warnings: () => exposure.warnings },
    ports: {
      check: () => listeners.check(),
      settled: () => listeners.settled(),
      problem: () => listeners.problem,
    },
  });
  const listeners = new Listeners({
    authority,
    feed,
    controllerId,
    observer: audit,
    log,
    listen: settings.listen.filter(({ kind }) => kind === 'tcp'),
    joinListen: joinEndpoints(settings),
    bindings: [node, admin],
    joinBindings: [joinService({ feed, store, authority, certificates, record: (event) => sessions.record(event) })],
    onOpen: () => tellHealth(),
    onFailure: (error) => {
      failure ??= error;
      running.abort();
    },
  });
  let tellHealth = () => {};
  try {
    const local = await startServer({ endpoints: localEndpoints(settings), bindings: [node, admin], observer: audit });
    log.info({ id: controllerId, version, listen: local.endpoints.map(formatEndpoint), etcd: endpoints }, 'started');
    systemd.ready();
    signal.addEventListener('abort', () => systemd.stopping(), { once: true });
    tellHealth = () => local.health.set(feed.serving && listeners.opened);
    feed.onChange(tellHealth);
    feed.onStanding(tellHealth);
    await listeners.check();
    const streams = () => sessions.fanout.streams.size;
    const parts = runParts(
      {
        view: (stop) => feed.run(stop),
        gate: (stop) => gate.run(stop),
        presence: (stop) => presence.run(stop),
        exposure: (stop) => exposure.run(stop),
        sweeps: (stop) => runSweeps(context, stop),
        ages: (stop) => ages.run(agesPath, log, stop),
        watchdog: (stop) => feedWatchdog({ systemd, feed, log, endpoints: local.endpoints, streams }, stop),
      },
      stopped,
      { graceMs, onFailure: (part, error) => log.fatal({ err: error, part }, 'failed: the controller ends') },
    ).catch((error: unknown) => {
      failure ??= error;
      running.abort();
    });
    await aborted(stopped);
    // Its nodes go to another controller at once, before anything else of this one ends.
    local.health.set(false);
    authority.close();
    sessions.end();
    await Promise.all([local.close(graceMs), listeners.close(graceMs)]);
    await parts;
  } finally {
    running.abort();
    await store.close();
    await etcd?.stop();
    await entries.close();
    await systemd.close();
  }
  if (failure !== undefined) throw failure;
  log.info('stopped');
}
