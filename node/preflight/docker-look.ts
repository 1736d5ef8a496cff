// Observes Docker for preflight: the engine, how dockerd is started, and daemon.json.
// Invariant: read-only for Docker and its files; dockerd is asked about a copy of daemon.json in a temporary folder.
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, XnetError } from '../../proto/errors.js';
import { readDaemonJson } from '../docker/bip/daemon-json-file.js';
import type { Bip } from '../docker/engine/bip-value.js';
import type { EngineReason, EngineSeen } from '../docker/engine/engine.js';
import { dockerdUnit, type Flags, flagsOf, whereFlag } from '../docker/engine/flags.js';
import type { HostInterface } from '../docker/engine/interfaces.js';
import { type Content, readJournal } from '../docker/engine/journal.js';
import {
  type Dockerd,
  dockerdIsInstalled,
  seeDockerd,
  seeEngine,
  unreachableEngine,
} from '../docker/engine/preflight.js';
import { blockedBy, type DockerHost, type OnRunning } from '../docker/engine/settings.js';
import { askDockerd } from '../docker/engine/validation.js';
import type { Finding } from '../reconcile/effect.js';

/** DockerLooked is Docker as it is on the host. */
export type DockerLooked = {
  /** Why xnet can't work with it, if it can't be asked or is not supported. */
  readonly engine: EngineSeen | Finding<EngineReason>;
  readonly flags: Flags;
  /** Where the flags that concern docker0 are set: "bip" in "/etc/default/docker, line 7". */
  readonly places: ReadonlyMap<string, string>;
  /** Path and content of daemon.json; a finding if it can't be read. */
  readonly path: string;
  readonly file: { readonly bytes: Content } | Finding<'DaemonJsonUnreadable'>;
  /** dockerd's reason to refuse the present daemon.json; undefined: it accepts the file, or was not asked. */
  readonly refused: string | undefined;
  /** The bip that xnet has written; undefined: none. */
  readonly ours: Bip | undefined;
  readonly interfaces: readonly HostInterface[];
  readonly onRunning: OnRunning;
};

const flagsOfDocker0 = ['bip', 'bridge', 'fixed-cidr', 'default-gateway', 'default-address-pool'] as const;

/** lookAtDocker observes Docker. A part that can't be observed becomes a finding. */
export async function lookAtDocker(host: DockerHost, signal: AbortSignal): Promise<DockerLooked> {
  const { settings, exec } = host;
  const engine = (await withoutSocket(host, signal)) ?? (await seeEngine(host, signal));
  const dockerd = await seeDockerd(host, signal).catch(() => undefined);
  const running = dockerd === undefined || 'reason' in dockerd ? undefined : dockerd;
  const { flags, where } = running ?? (await startedNext(host, signal));
  const places = new Map<string, string>();
  for (const flag of flagsOfDocker0) if (flags.has(flag)) places.set(flag, await where(flag));
  const path = settings.daemonJson ?? flags.get('config-file') ?? '/etc/docker/daemon.json';
  const file = await readDaemonJson(path).then(
    ({ bytes }) => ({ bytes }),
    (error: unknown) => blockedBy('DaemonJsonUnreadable', error, `make ${path} a regular file that root can read`),
  );
  const asked = running !== undefined && 'bytes' in file && !('reason' in engine);
  const major = 'reason' in engine ? 0 : engine.version.major;
  return {
    engine,
    flags,
    places,
    path,
    file,
    refused: asked ? await refusedAsItIs(exec, { ...running, major }, file.bytes) : undefined,
    ours: (await readJournal(settings.stateFolder).catch(() => undefined))?.ours?.bip,
    interfaces: await host.interfaces(signal),
    onRunning: settings.onRunning,
  };
}

// Without a socket, Docker is not asked, and the client library is not loaded.
async function withoutSocket(
  { settings, exec }: DockerHost,
  signal: AbortSignal,
): Promise<Finding<EngineReason> | undefined> {
  try {
    await access(settings.socket);
    return undefined;
  } catch (cause) {
    // A folder that only others may enter.
    const code = errnoOf(cause) === 'EACCES' ? 'PermissionDenied' : 'Unavailable';
    const error = new XnetError(code, `Docker does not answer at ${settings.socket}`, { cause });
    return unreachableEngine(error, settings.socket, () => dockerdIsInstalled(exec, signal));
  }
}

// dockerd does not run: its unit has the flags that it will be started with.
async function startedNext(
  { settings, exec }: DockerHost,
  signal: AbortSignal,
): Promise<Pick<Dockerd, 'flags' | 'where'>> {
  const unit = settings.restartCommand === undefined ? await dockerdUnit(exec, settings.unit, signal) : undefined;
  const flags = flagsOf(unit?.argv ?? []);
  const where = async (flag: string) =>
    unit === undefined ? 'its command line' : whereFlag(unit, flag, flags.get(flag) ?? '');
  return { flags, where };
}

async function refusedAsItIs(
  exec: DockerHost['exec'],
  dockerd: Pick<Dockerd, 'program' | 'argv'> & { readonly major: number },
  content: Content,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'xnet-preflight-'));
  try {
    return await askDockerd(exec, dockerd, content, folder);
  } catch {
    // A dockerd that can't be run does not judge daemon.json.
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
