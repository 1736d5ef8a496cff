// `xnetd join`: makes this host a node, with a join token. Progress goes to standard error, the result to standard
// output.
// Invariant: the host's key is on disk before a certificate is requested, so the same command can be rerun after any
// failure. The identity is put in place as a whole or not at all.
import { createPrivateKey } from 'node:crypto';
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import { primaryLease } from '../../proto/domain/network.js';
import { messageOf, XnetError } from '../../proto/errors.js';
import { makeRequest, type Request, requestFor } from '../../proto/pki/certificate.js';
import { readSecretFile, removeSecretFile, writeSecretFile } from '../../proto/pki/secret-file.js';
import type { Token } from '../../proto/pki/token.js';
import { safeJson, withVersion } from '../../proto/process/json.js';
import { untilSignal } from '../../proto/process/program.js';
import { checkEndpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import { lockState, type StateLock } from '../host/lock.js';
import { identityFolder, pendingKeyPath, readIdentity, writeIdentity } from '../identity/folder.js';
import { certificateOf, credentialsOf, hasExpired, type NodeIdentity, trusts } from '../identity/identity.js';
import { callJoin, callPreview, eachOf, identityFrom, type JoinCall, type Proven, prove } from '../join/call.js';
import { planHostJoin } from '../join/decide.js';
import { readDescribedNetworks } from '../join/host-networks.js';
import { foresaw, type JoinPreview, previewFromWire, previewText } from '../join/preview.js';
import type { JoinSettings } from '../join/settings.js';
import { readToken } from '../join/token-source.js';
import { leaveBegun } from '../leave/leave.js';
import { readCache, removeCache } from '../table/cache.js';
import { callStanding, type NodeStanding } from '../uplink/uplink.js';
import { requirePreflight, warnOfLease } from './preflight.js';

/** Joined is the output of `xnetd join -o json`. Fields are only added, never removed. */
export type Joined = {
  /** False: the host already was this node, and nothing has changed. */
  readonly changed: boolean;
  readonly node: string;
  readonly nodeId: string;
  readonly cluster: string;
  /** Empty until a controller sends it to the daemon. */
  readonly subnet: string;
  readonly controllers: readonly string[];
  /** RFC 3339. */
  readonly certificateUntil: string;
  /**
   * 'start': the daemon must be started; 'goes on': it runs and continues; 'restart': it runs as another node and must
   * be restarted.
   */
  readonly daemon: 'start' | 'goes on' | 'restart';
};

type Progress = (line: string) => void;

function onStandardError(): Progress {
  const began = performance.now();
  return (line) => {
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  };
}

// Both locks are held until the end, so that no daemon starts with an incomplete identity. If a daemon runs, it holds
// its own lock.
function takeLocks(stateDir: string): { readonly running: boolean; readonly release: () => void } {
  const identity = lockState(stateDir, 'identity.lock');
  if (identity === undefined) {
    throw new XnetError('FailedPrecondition', `another xnetd join or leave is under way in ${stateDir}`, {
      hint: 'wait for it to end, and look at: xnetd status',
    });
  }
  let whole: StateLock | undefined;
  try {
    whole = lockState(stateDir);
  } catch (error) {
    identity.release();
    throw error;
  }
  return {
    running: whole === undefined,
    release: () => {
      whole?.release();
      identity.release();
    },
  };
}

async function standingOf(
  identity: NodeIdentity | undefined,
  signal: AbortSignal,
): Promise<NodeStanding['is'] | 'unknown'> {
  if (identity === undefined || hasExpired(identity, Date.now())) return 'unknown';
  const controllers = identity.controllers.flatMap((text) => {
    const checked = checkEndpoint(text);
    return 'value' in checked ? [checked.value] : [];
  });
  try {
    const target = { controllers, credentials: credentialsOf(identity) };
    return (await callStanding(target, identity.nodeId, signal)).is;
  } catch {
    return 'unknown';
  }
}

// Returns the key of an earlier attempt that did not finish, or a new one, which is not on disk yet.
async function pendingKey(stateDir: string): Promise<Request & { readonly isNew: boolean }> {
  const path = pendingKeyPath(stateDir);
  const before = (await readSecretFile(path))?.toString('utf8');
  if (before !== undefined) {
    try {
      createPrivateKey(before);
      return { key: before, csr: await requestFor(before), isNew: false };
    } catch {
      // The file is not a key, so no certificate was issued for it.
    }
  }
  return { ...(await makeRequest()), isNew: true };
}

// Undefined: nothing is to be checked, or the controller is older and can't tell.
async function previewOf(
  { ignorePreflight }: JoinSettings,
  proven: Proven,
  call: JoinCall,
  signal: AbortSignal,
): Promise<JoinPreview | undefined> {
  if (ignorePreflight.includes('all')) return undefined;
  const answer = await callPreview(proven, call, signal);
  return answer && previewFromWire(answer);
}

async function readBefore(settings: JoinSettings, progress: Progress): Promise<NodeIdentity | undefined> {
  try {
    return await readIdentity(settings.stateDir);
  } catch (error) {
    if (!settings.force) throw error;
    progress(`${messageOf(error)}: replaced`);
    return undefined;
  }
}

async function join(settings: JoinSettings, token: Token, progress: Progress, signal: AbortSignal): Promise<Joined> {
  const { stateDir, controller, force } = settings;
  const locks = takeLocks(stateDir);
  const { running } = locks;
  try {
    if ((await leaveBegun(stateDir)) !== undefined) {
      throw new XnetError('FailedPrecondition', 'this host is leaving its cluster, and is not done', {
        hint: 'finish that first: xnetd leave',
      });
    }
    const before = await readBefore(settings, progress);
    if (before === undefined && running) {
      throw new XnetError('FailedPrecondition', 'xnetd runs here without an identity', {
        hint: 'stop it first: systemctl stop xnetd',
      });
    }
    const standing = await standingOf(before, signal);
    let preview: JoinPreview | undefined;
    let isChecked = false;
    // One controller at a time, from proof to answer: a controller that is proved may still be unable to serve the
    // call.
    const made = await eachOf(controller, async (endpoint) => {
      const proven = await prove(endpoint, token, signal);
      progress(`${formatEndpoint(endpoint)} is a controller of cluster ${proven.clusterId}, as the token says`);
      const { clusterId } = proven;
      const { node: nodeName, address } = settings;
      const trusted = before !== undefined && trusts(before, token.caDigest);
      const situation = { identity: before, standing, trusted, clusterId, nodeName, running, force, nowMs: Date.now() };
      if (planHostJoin(situation) === 'already') return undefined;
      const { key, csr, isNew } = await pendingKey(stateDir);
      const { networks, problems } = await readDescribedNetworks(settings, signal);
      for (const problem of problems) progress(problem);
      const call = {
        token,
        csr,
        nodeName: nodeName ?? '',
        networks,
        address: address === undefined ? '' : formatIpv4(address),
      };
      // A host that is a node already runs with what it has; its daemon reports what is wrong.
      if (before === undefined && !isChecked) {
        preview = await previewOf(settings, proven, call, signal);
        if (preview !== undefined) progress(`this host would be ${previewText(preview)}: checking it`);
        await requirePreflight(settings, preview, signal);
        isChecked = true;
      }
      if (isNew) await writeSecretFile(pendingKeyPath(stateDir), Buffer.from(key));
      progress('asking for a certificate');
      const answer = await callJoin(proven, call, signal);
      return { identity: identityFrom(answer, proven, key), subnet: answer.subnet };
    });
    if (made === undefined && before !== undefined) {
      progress(
        standing === 'member'
          ? 'this host is that node already'
          : 'this host has joined already; no controller answered, so its validity is unknown',
      );
      await removeSecretFile(pendingKeyPath(stateDir));
      const daemon = running ? 'goes on' : 'start';
      return joinedFrom(before, { changed: false, subnet: await cachedSubnet(stateDir, before), daemon });
    }
    if (made === undefined) throw new XnetError('Internal', 'joined without an identity');
    const { identity, subnet } = made;
    if (before !== undefined && before.clusterId !== identity.clusterId) await removeCache(stateDir);
    await writeIdentity(stateDir, identity);
    await removeSecretFile(pendingKeyPath(stateDir));
    progress(`written to ${identityFolder(stateDir)}`);
    if (before === undefined && (preview === undefined || !foresaw(preview, subnet))) {
      const mode = preview?.leases[0]?.mode ?? 'bip';
      await warnOfLease(settings, { subnet, mode, pools: identity.pools }, signal);
    }
    const same = before?.nodeName === identity.nodeName;
    const daemon = !running ? 'start' : same ? 'goes on' : 'restart';
    return joinedFrom(identity, { changed: true, subnet, daemon });
  } finally {
    locks.release();
  }
}

async function cachedSubnet(stateDir: string, { nodeId }: NodeIdentity): Promise<string> {
  const cached = await readCache(stateDir).catch(() => undefined);
  return cached?.assignment.nodeId === nodeId ? formatPrefix(primaryLease(cached.assignment).subnet) : '';
}

function joinedFrom(identity: NodeIdentity, rest: Pick<Joined, 'changed' | 'subnet' | 'daemon'>): Joined {
  const { nodeName, nodeId, clusterId, controllers } = identity;
  const certificateUntil = new Date(certificateOf(identity).notAfterMs).toISOString();
  return { ...rest, node: nodeName, nodeId, cluster: clusterId, controllers, certificateUntil };
}

const nextSteps: Readonly<Record<Joined['daemon'], string>> = {
  start: 'Start the daemon: systemctl enable --now xnetd',
  'goes on': 'xnetd runs and continues.',
  restart: 'xnetd still runs as the node before: systemctl restart xnetd',
};

/** formatJoined formats the result for people. */
export function formatJoined(joined: Joined): string {
  const { node, nodeId, cluster, subnet, controllers, certificateUntil, daemon } = joined;
  const lines = [
    `node         ${node} (${nodeId})`,
    `cluster      ${cluster}`,
    `subnet       ${subnet === '' ? 'known when the daemon runs' : subnet}`,
    `controllers  ${controllers.length === 0 ? 'none that this host can reach: set --controller' : controllers.join(', ')}`,
    `certificate  until ${certificateUntil}, renewed by itself`,
    '',
    nextSteps[daemon],
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * joinCluster makes this host a node and prints the result. Run again, it changes nothing.
 * @throws XnetError InvalidArgument for a bad token; Unauthenticated when a server is not of the token's cluster, or
 *   when the token is not valid; FailedPrecondition when this host is another node; Unavailable when no controller
 *   answers
 */
export async function joinCluster(settings: JoinSettings): Promise<void> {
  const signal = untilSignal();
  const token = await readToken(settings.tokenFile, signal);
  const joined = await join(settings, token, onStandardError(), signal);
  process.stdout.write(settings.output === 'json' ? `${safeJson(withVersion(joined), 2)}\n` : formatJoined(joined));
}
