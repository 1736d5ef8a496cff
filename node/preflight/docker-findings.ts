// Decides what is wrong with Docker before xnet changes it. Pure.
// Invariant: where the daemon would refuse, the finding is the daemon's own.
import { needsIptables, runningFinding } from '../docker/bip/findings.js';
import { isInForce } from '../docker/bip/in-force.js';
import type { EngineSeen } from '../docker/engine/engine.js';
import { daemonJsonFindings, documentOf, jsonSetting } from './daemon-json-findings.js';
import type { DockerLooked } from './docker-look.js';
import { type PreflightFinding, rated, type Severity } from './finding.js';
import { usesNftables } from './firewall-findings.js';
import { bipWanted, mayGetBip, type PreflightRequest } from './request.js';

// The lines that xnet is tested with; engines before 20.10 have another firewall.
const oldest = 20;
const newest = 29;

// Findings that end once Docker runs: the daemon waits for it.
const passing: ReadonlySet<string> = new Set(['NotInstalled', 'NotRunning', 'NotAnswering', 'DockerFailed']);

/** dockerFindings lists what is wrong with Docker, its configuration and its containers. */
export async function dockerFindings(
  seen: DockerLooked,
  request: PreflightRequest,
): Promise<readonly PreflightFinding[]> {
  const { engine } = seen;
  const isOver = request.toDefaultNetwork || bipWanted(request)?.over !== undefined;
  const ofBackend = isOver && startsWithNftables(seen) ? [rated('stops', needsIptables)] : [];
  const ofFile = [...ofBackend, ...(await daemonJsonFindings(seen, request))];
  if ('reason' in engine) return [rated(passing.has(engine.reason) ? 'warns' : 'stops', engine), ...ofFile];
  return [...versionFindings(engine), ...ofFile, ...containerFindings(seen, engine, request)];
}

// Of a Docker that does not run: what dockerd will start with.
function startsWithNftables(seen: DockerLooked): boolean {
  if (!('reason' in seen.engine)) return usesNftables(seen);
  const backend = seen.flags.get('firewall-backend') ?? jsonSetting(documentOf(seen), 'firewall-backend');
  return backend?.replaceAll('"', '').startsWith('nftables') === true;
}

function versionFindings({ version, info, containers }: EngineSeen): readonly PreflightFinding[] {
  const running = containers.filter((container) => container.running).length;
  const backend = info.firewallBackend ?? 'iptables';
  const message = `Docker ${version.version}, firewall backend ${backend}, ${running} running containers`;
  const found: PreflightFinding[] = [{ severity: 'info', reason: 'DockerFound', message }];
  const untested = (severity: Severity, reason: 'EngineTooOld' | 'EngineUntested', what: string, fix: string) =>
    found.push({ severity, reason, message: `Docker ${version.version} is ${what}`, fix });
  if (version.major > 0 && version.major < oldest) {
    untested('stops', 'EngineTooOld', `older than ${oldest}.10, the oldest that xnet works with`, 'upgrade Docker');
  }
  if (version.major > newest) {
    const fix = 'try it on one host first: xctl nodes show NAME tells whether packets pass';
    untested('info', 'EngineUntested', `newer than ${newest}, the newest that this xnet was made for`, fix);
  }
  return found;
}

function containerFindings(
  { interfaces, onRunning, path }: DockerLooked,
  { networks, containers, info }: EngineSeen,
  request: PreflightRequest,
): readonly PreflightFinding[] {
  const wanted = bipWanted(request);
  const changes =
    wanted === undefined
      ? mayGetBip(request)
      : !isInForce(wanted, { networks, interfaces, addressPools: info.addressPools });
  const running = containers.filter((container) => container.running);
  if (!changes || running.length === 0) return [];
  const found: PreflightFinding[] = [];
  // With `restart` the daemon refuses nothing, but the containers are stopped all the same.
  const stopped = runningFinding(running, onRunning === 'restart' ? 'refuse' : onRunning, wanted ?? 'a lease');
  if (stopped !== undefined) {
    const allowed = {
      ...stopped,
      reason: 'ContainersRestart' as const,
      fix: 'xnetd starts them again; stop them before if that is too soon',
    };
    found.push(onRunning === 'restart' ? rated('info', allowed) : rated('warns', stopped));
  }
  if (info.liveRestore) {
    const message =
      'live-restore is on, and does not carry containers over a change of docker0: while any of them runs, dockerd keeps ' +
      "docker0's old address, so xnetd stops them all for the restart";
    const fix = `stop the containers before, or in ${path}: remove "live-restore" and run systemctl reload docker`;
    found.push({ severity: 'warns', reason: 'LiveRestore', message, fix });
  }
  return found;
}
