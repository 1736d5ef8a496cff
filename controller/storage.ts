// Opens the store of a controller and the view of it: etcd (its own or the operator's), the client, the feed of the
// view, and the commit queue.
// Invariant: close ends everything that open started, in the reverse order; a failed open leaves nothing running.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, XnetError } from '../proto/errors.js';
import type { Logger } from '../proto/process/log.js';
import type { Parts } from '../proto/process/parts.js';
import type { Steps } from '../proto/process/steps.js';
import { startOwnEtcd } from './local-state.js';
import { CommitQueue } from './registry/commit-queue.js';
import type { ControllerSettings } from './settings.js';
import type { EmbeddedEtcd } from './store/embedded-etcd.js';
import { EtcdStore } from './store/etcd.js';
import type { EtcdOptions } from './store/etcd-client.js';
import { EtcdExposure } from './store/etcd-exposure.js';
import { EtcdHistory } from './store/etcd-history.js';
import { runUpkeep } from './store/etcd-upkeep.js';
import { Gate } from './store/gate.js';
import { keys } from './store/keys.js';
import type { Store } from './store/store.js';
import type { Surroundings } from './surroundings.js';
import { Ages } from './view/ages.js';
import { logContradictions } from './view/contradiction-log.js';
import { ViewFeed } from './view/view-feed.js';

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

/** StorageOptions are the dependencies of a storage. */
export type StorageOptions = {
  readonly signal: AbortSignal;
  /** Told of the steps of its commits. */
  readonly steps: Steps;
  /** The etcd that a supervisor runs for all workers. */
  readonly supervised: Surroundings['etcd'];
};

/** Storage is the store and what keeps the view current. */
export class Storage {
  /** Addresses of etcd: "http://10.0.0.2:2379". */
  readonly endpoints: readonly string[];
  readonly feed: ViewFeed;
  readonly commits: CommitQueue;
  readonly #etcd: EmbeddedEtcd | undefined;
  readonly #supervised: Surroundings['etcd'];
  readonly #etcdStore: EtcdStore;
  readonly #exposure: EtcdExposure;
  readonly #history: EtcdHistory;
  readonly #gate: Gate;
  readonly #runAges: (signal: AbortSignal) => Promise<void>;
  readonly #runUpkeep: (signal: AbortSignal) => Promise<void>;

  private constructor(
    settings: ControllerSettings,
    options: EtcdOptions,
    {
      etcd,
      supervised,
      ages,
      registration,
      log,
      steps,
    }: {
      readonly etcd: EmbeddedEtcd | undefined;
      readonly supervised: Surroundings['etcd'];
      readonly ages: Ages;
      readonly registration: string;
      readonly log: Logger;
      readonly steps: Steps;
    },
  ) {
    this.endpoints = options.endpoints;
    this.#etcd = etcd;
    this.#supervised = supervised;
    this.#etcdStore = new EtcdStore(options);
    this.#exposure = new EtcdExposure(options, log);
    const known = { olderThan: (ageMs: number) => ages.olderThan(ageMs, Date.now()), newest: () => ages.newest };
    this.#history = new EtcdHistory(options, known, log);
    this.feed = new ViewFeed({
      times: { ages, now: Date.now },
      store: this.#etcdStore,
      log,
      seenPath: `${settings.dataDir}/store.json`,
      acceptStore: settings.acceptStore,
      epochAfter: settings.epochAfter ?? 0,
      newClusterId: randomUUID,
      ownKey: keys.registration(registration),
    });
    this.#gate = new Gate(this.#etcdStore, this.feed, log);
    this.commits = new CommitQueue({
      store: this.#gate,
      reached: (revision, ms) => this.feed.reached(revision, ms),
      steps,
    });
    this.#runAges = (signal) => ages.run(agesPath(settings), log, signal);
    this.#runUpkeep = (signal) => runUpkeep(options, log, signal);
    logContradictions(this.feed, log);
  }

  /**
   * open starts etcd unless the settings name one, and makes the clients. It reads nothing from the store: see parts.
   * @param registration id of this controller's registration
   * @throws XnetError when etcd does not start, or a file named in the settings can't be read
   */
  static async open(
    settings: ControllerSettings,
    registration: string,
    log: Logger,
    { signal, steps, supervised }: StorageOptions,
  ): Promise<Storage> {
    const etcd = supervised === undefined ? await startOwnEtcd(settings, log, signal) : undefined;
    try {
      const options = etcdOptions(settings, settings.etcdEndpoints ?? [supervised?.endpoint ?? etcd?.endpoint ?? '']);
      const ages = await new Ages().load(agesPath(settings), log, Date.now());
      return new Storage(settings, options, { etcd, supervised, ages, registration, log, steps });
    } catch (error) {
      await etcd?.stop();
      throw error;
    }
  }

  /** store is the store that all other parts read and write. */
  get store(): Store {
    return this.commits.store;
  }

  /** direct is the store without the gate, for calls that have to reach it even if the view does not accept it. */
  get direct(): Pick<Store, 'list' | 'scan' | 'read' | 'commit'> {
    return this.#etcdStore;
  }

  /** embedded reports whether etcd is the controller's own, or that of its supervisor. */
  get embedded(): boolean {
    return this.#etcd !== undefined || this.#supervised !== undefined;
  }

  /** warnings returns what makes etcd accessible to others than the controllers, and that its history grows. */
  get warnings(): readonly string[] {
    return [...this.#exposure.warnings, ...this.#history.warnings];
  }

  /** writeProblem returns why the store can't be written; undefined: it can. */
  get writeProblem(): XnetError | undefined {
    return this.#gate.problem;
  }

  /** etcdProblems returns the faults of etcd members, one line each. */
  get etcdProblems(): readonly string[] {
    return this.#etcdStore.problems;
  }

  /** parts returns the loops that run as long as the controller. */
  get parts(): Parts {
    return {
      view: (stop) => this.feed.run(stop),
      gate: (stop) => this.#gate.run(stop),
      exposure: (stop) => this.#exposure.run(stop),
      // An external etcd is not defragmented: its operator is warned.
      ...(this.embedded ? {} : { history: (stop: AbortSignal) => this.#history.run(stop) }),
      // Of several workers, only the keeper does it.
      ...(this.#etcd !== undefined || this.#supervised?.keeper === true ? { upkeep: this.#runUpkeep } : {}),
      ages: this.#runAges,
    };
  }

  /** close closes the client, and stops etcd if it is the controller's own. */
  async close(): Promise<void> {
    await this.store.close();
    await this.#etcd?.stop();
  }
}

function agesPath({ dataDir }: ControllerSettings): string {
  return `${dataDir}/ages.json`;
}
