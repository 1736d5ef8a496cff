// `xnetd run`: the daemon. It starts with the cached state, ends at SIGTERM, and leaves everything on the host in
// place.
import { messageOf, XnetError } from '../../proto/errors.js';
import { type Logger, makeLog } from '../../proto/process/log.js';
import { untilSignal } from '../../proto/process/program.js';
import { Systemd } from '../../proto/process/systemd.js';
import { version } from '../../proto/process/version.js';
import { Daemon } from '../daemon/daemon.js';
import type { Known } from '../daemon/known.js';
import { type Leave, startLocalService } from '../daemon/local-service.js';
import { StatusFile } from '../daemon/status-file.js';
import { type Host, openHost } from '../host/host.js';
import { lockForDaemon } from '../host/lock.js';
import { hostFingerprint } from '../identity/fingerprint.js';
import type { Membership } from '../identity/membership.js';
import { AskedLeave } from '../leave/asked-leave.js';
import { isLeaving, type LeaveBegun, leaveBegun } from '../leave/leave.js';
import { PendingLeave } from '../leave/pending-leave.js';
import { LiveValue } from '../reconcile/live-value.js';
import { type DaemonSettings, writeDaemonSettings } from '../settings/daemon-settings.js';
import type { NodeSettings } from '../settings/settings.js';
import { CacheWriter } from '../table/cache-writer.js';
import { hostSettings, localSocketPath } from './host-settings.js';
import { leaveAsDaemon } from './leave-as-daemon.js';
import { cachedKnown, memberToRun } from './resume.js';

const graceMs = 1_000;

/** DaemonEnding is why the daemon ended: it was stopped, the host has left the fleet, or it has not joined one. */
export type DaemonEnding = 'stopped' | 'left' | 'not joined';

/**
 * runDaemon runs the daemon until it is stopped or the host has left.
 * @param given the settings given to the daemon, saved for other commands on this host
 * @throws XnetError FailedPrecondition when another daemon runs on the same state directory, or the host can't be used
 */
export async function runDaemon(settings: NodeSettings, given: DaemonSettings): Promise<DaemonEnding> {
  // A wait for netlink occupies one thread of libuv's pool; file access and name resolution need the others.
  process.env['UV_THREADPOOL_SIZE'] ??= '8';
  if (settings.followAddress && settings.address !== undefined) {
    throw new XnetError('InvalidArgument', '--follow-address and --address exclude each other', {
      hint: 'leave out --address: the address that the node has is used, and a new one is reported',
    });
  }
  const member = await memberToRun(settings);
  if (member === undefined) return 'not joined';
  const log = makeLog('xnetd', settings.logLevel);
  const systemd = new Systemd(log);
  const lock = await lockForDaemon(settings.stateDir);
  if (lock === undefined) {
    throw new XnetError('FailedPrecondition', `another xnetd uses ${settings.stateDir}`, {
      hint: 'one xnetd runs per host; see: systemctl status xnetd',
    });
  }
  const host = openHost(hostSettings(settings), log);
  await writeDaemonSettings(settings.stateDir, given).catch((error: unknown) => {
    log.warn({ reason: messageOf(error) }, 'settings: not kept for other commands');
  });
  try {
    return await new DaemonProcess(settings, member, { host, systemd, log }).run(untilSignal());
  } finally {
    await host.close();
    lock.release();
    await systemd.close();
  }
}

type Running = { readonly daemon: Daemon; readonly lanes: AbortController; readonly ended: Promise<void> };

class DaemonProcess {
  readonly #settings: NodeSettings;
  readonly #member: Membership;
  readonly #host: Host;
  readonly #systemd: Systemd;
  readonly #log: Logger;
  #stopped = false;
  #running: Running | undefined;
  #leaving: Promise<unknown> | undefined;
  #pending: PendingLeave | undefined;
  #asked: AskedLeave | undefined;

  constructor(
    settings: NodeSettings,
    member: Membership,
    parts: { readonly host: Host; readonly systemd: Systemd; readonly log: Logger },
  ) {
    this.#settings = settings;
    this.#member = member;
    this.#host = parts.host;
    this.#systemd = parts.systemd;
    this.#log = parts.log;
  }

  async run(signal: AbortSignal): Promise<DaemonEnding> {
    const { stateDir, runDir } = this.#settings;
    const log = this.#log;
    const cache = new CacheWriter(stateDir, log);
    const statusFile = new StatusFile(runDir, log);
    await statusFile.clear();
    const known = new LiveValue(await cachedKnown(this.#settings, this.#member.node, log));
    const keep = ({ assignment, table, fenced }: Known) => {
      if (assignment !== undefined) cache.keep({ assignment, table, fenced });
    };
    known.subscribe(keep);
    this.#asked = new AskedLeave({
      known,
      obstacles: (stop) => this.#host.docker.leaveObstacles(known.current.assignment?.leases ?? [], stop),
      begin: () => this.#leaveNow({ force: false, localOnly: false }, () => undefined, { known, cache }, signal),
      log,
    });
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    const reload = () => this.#running?.daemon.retry();
    process.on('SIGHUP', reload);
    const local = await startLocalService(localSocketPath(this.#settings), (options, onStep) =>
      this.#leaveAsked(options, onStep, { known, cache }, signal),
    );
    log.info({ version, node: this.#member.node, cached: known.current.table?.version.revision ?? 0 }, 'started');
    const begun = await leaveBegun(stateDir);
    if (begun !== undefined) {
      log.warn('continuing a leave that did not end');
      this.#pending = new PendingLeave({
        leave: async (how, onStep) => void (await this.#leave(known.current, how, onStep, signal)),
        isPending: () => isLeaving(stateDir),
        log,
      });
      this.#leaving = this.#systemd.beatWhile(this.#pending.run(begun, signal));
    }
    let failed: unknown;
    for (;;) {
      try {
        if (this.#leaving === undefined) await this.#keep(known, cache, statusFile);
      } catch (error) {
        failed = error;
        break;
      }
      failed = await this.#leaving?.then(
        () => undefined,
        (error: unknown) => error,
      );
      // Refused before anything was undone: the host remains a member of the fleet.
      if (failed === undefined || signal.aborted || (await isLeaving(stateDir))) break;
      this.#leaving = undefined;
      this.#pending = undefined;
      this.#asked.failed(failed);
      keep(known.current);
      log.info('still a member of the fleet, going on');
    }
    this.#stop();
    process.off('SIGHUP', reload);
    if (this.#leaving === undefined) await cache.flush();
    await local.close(graceMs);
    await statusFile.close();
    // A part of the daemon has failed, or a leave has failed after its command got the error: exit, so that the service
    // manager restarts the daemon, which resumes.
    if (failed !== undefined && !signal.aborted) throw failed;
    const isLeft = this.#leaving !== undefined && failed === undefined;
    log.info(isLeft ? 'left' : 'stopped; everything stays in place');
    return isLeft ? 'left' : 'stopped';
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#systemd.stopping();
    this.#running?.lanes.abort();
  }

  // Keeps the host as desired until the daemon is stopped or the host leaves.
  async #keep(known: LiveValue<Known>, cache: CacheWriter, statusFile: StatusFile): Promise<void> {
    if (this.#stopped) return;
    const lanes = new AbortController();
    const daemon = this.#makeDaemon(known, cache, statusFile);
    const ended = daemon.run(lanes.signal);
    this.#running = { daemon, lanes, ended };
    try {
      await ended;
    } finally {
      this.#running = undefined;
    }
  }

  #makeDaemon(known: LiveValue<Known>, cache: CacheWriter, statusFile: StatusFile): Daemon {
    const {
      stateDir,
      controller,
      interface: interfaceName,
      address,
      mark,
      allowedPools,
      probeInterval,
      followAddress,
    } = this.#settings;
    const { node: name, controllers, identity } = this.#member;
    const systemd = this.#systemd;
    return new Daemon({
      host: this.#host,
      log: this.#log,
      known,
      cache,
      asked: this.#asked,
      node: {
        name,
        controllers,
        identity,
        stateDir,
        fingerprint: hostFingerprint(),
        followControllers: controller === undefined,
      },
      settings: {
        underlay: { interfaceName, address },
        mark,
        allowedPools,
        probeIntervalMs: probeInterval * 1000,
        followAddress,
      },
      supervisor: {
        watchdogMs: systemd.watchdogMs,
        onStatus: (status) => {
          statusFile.write(status);
          const { desired, installed } = this.#host.routes.counts;
          const link = status.connection?.connected === true ? 'connected' : 'no controller';
          systemd.status(`${installed}/${desired} routes, revision ${status.applied?.revision ?? 0}, ${link}`);
        },
        onBeat: () => {
          systemd.ready();
          systemd.beat();
        },
      },
    });
  }

  async #leaveAsked(
    options: Parameters<Leave>[0],
    onStep: Parameters<Leave>[1],
    { known, cache }: { readonly known: LiveValue<Known>; readonly cache: CacheWriter },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (this.#pending !== undefined) {
      // The cached lease may be gone already: the lease ends before the cache is removed.
      await this.#pending.ask(options, onStep);
      return true;
    }
    const leaving = this.#leaveNow(options, onStep, { known, cache }, signal);
    if (leaving === undefined) {
      throw new XnetError('FailedPrecondition', 'this host is leaving already, or xnetd is about to stop');
    }
    return leaving;
  }

  // Ends the daemon and begins to leave; undefined if that is not possible now.
  #leaveNow(
    options: Parameters<Leave>[0],
    onStep: Parameters<Leave>[1],
    { known, cache }: { readonly known: LiveValue<Known>; readonly cache: CacheWriter },
    signal: AbortSignal,
  ): Promise<boolean> | undefined {
    const running = this.#running;
    if (this.#leaving !== undefined || running === undefined) return undefined;
    // The lanes are stopped and no longer signal that they are alive; each step of leaving has its own time limit.
    running.lanes.abort();
    const { ended } = running;
    const leaving = async () => {
      await ended;
      // No write may be pending when the cache is removed.
      await cache.flush();
      cache.drop();
      return this.#leave(known.current, options, onStep, signal);
    };
    const isLeaseKnown = this.#systemd.beatWhile(leaving());
    this.#leaving = isLeaseKnown;
    return isLeaseKnown;
  }

  #leave(known: Known, how: LeaveBegun, onStep: (step: string) => void, signal: AbortSignal): Promise<boolean> {
    const [systemd, log] = [this.#systemd, this.#log];
    const { stateDir } = this.#settings;
    return leaveAsDaemon(
      { host: this.#host, member: this.#member, stateDir, systemd, log },
      { known, how, onStep },
      signal,
    );
  }
}
