// Puts the parts of a controller together, and takes them apart again in the reverse order.
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, XnetError } from '../proto/errors.js';
import type { Logger } from '../proto/process/log.js';
import { Systemd } from '../proto/process/systemd.js';
import { formatEndpoint } from '../proto/rpc/endpoint.js';
import { startServer } from '../proto/rpc/server.js';
import type { Context } from './registry/mutation.js';
import { NodeRegistry } from './registry/nodes.js';
import { PoolRegistry } from './registry/pools.js';
import { adminService } from './service/admin-service.js';
import { nodeService } from './service/node-service.js';
import { Presence } from './session/presence.js';
import { Sessions } from './session/sessions.js';
import { controllerName, type Settings } from './settings.js';
import { batching } from './store/batching.js';
import { type EmbeddedEtcd, startEmbeddedEtcd } from './store/embedded-etcd.js';
import { type EtcdOptions, EtcdStore } from './store/etcd.js';
import { Keeper } from './view/keeper.js';
import { feedWatchdog } from './watchdog.js';

const graceMs = 2_000;

function readFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new XnetError('InvalidArgument', `can't read ${what} ${path}: ${messageOf(error)}`);
  }
}

function etcdOptions(settings: Settings, endpoints: readonly string[]): EtcdOptions {
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

async function embeddedEtcd(settings: Settings, log: Logger, signal: AbortSignal): Promise<EmbeddedEtcd | undefined> {
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

/**
 * runController runs a controller until `signal` aborts.
 * @throws XnetError when it can't start
 */
export async function runController(
  settings: Settings,
  version: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  // Before etcd is started, which would find the socket and say that it is ready itself.
  const systemd = new Systemd(log);
  const etcd = await embeddedEtcd(settings, log, signal);
  const endpoints = settings.etcdEndpoints ?? [etcd?.endpoint ?? ''];
  const store = batching(new EtcdStore(etcdOptions(settings, endpoints)));
  const keeper = new Keeper({
    store,
    log,
    seenPath: `${settings.dataDir}/store.json`,
    acceptStore: settings.acceptStore,
    newClusterId: randomUUID,
  });
  const controllerId = `${controllerName(settings)}-${randomBytes(2).toString('hex')}`;
  const addresses = settings.listen.map(formatEndpoint);
  const record = { version, startedMs: Date.now(), addresses };
  const presence = new Presence({ store, keeper, log }, controllerId, record);
  const sessions = new Sessions({ store, keeper, presence, log });
  const context: Context = { store, keeper, log, now: Date.now };
  const nodes = new NodeRegistry(context);
  const pools = new PoolRegistry(context);
  const running = new AbortController();
  const stopped = AbortSignal.any([signal, running.signal]);
  try {
    const server = await startServer(settings.listen, [
      nodeService({ keeper, store, sessions, nodes }),
      adminService({
        ...{ keeper, store, sessions, nodes, pools, controllerId, version },
        etcd: { endpoints, embedded: etcd !== undefined },
      }),
    ]);
    log.info({ id: controllerId, version, listen: server.endpoints.map(formatEndpoint), etcd: endpoints }, 'started');
    systemd.ready();
    signal.addEventListener('abort', () => systemd.stopping(), { once: true });
    keeper.onChange(() => server.health.set(keeper.ready));
    const { endpoints: listening } = server;
    const fed = feedWatchdog(
      { systemd, keeper, log, endpoints: listening, streams: () => sessions.fanout.streams.size },
      stopped,
    );
    const kept = keeper.run(stopped);
    const present = presence.run(stopped);
    await Promise.race([kept, new Promise((resolve) => stopped.addEventListener('abort', resolve, { once: true }))]);
    server.health.set(false);
    sessions.end();
    await server.close(graceMs);
    running.abort();
    await present;
    await kept;
    await fed;
  } finally {
    running.abort();
    await store.close();
    await etcd?.stop();
    await systemd.close();
  }
  log.info('stopped');
}
