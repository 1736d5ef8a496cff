// `xnetd preflight`: what would go wrong with xnet on this host, before anything is changed.
import { parsePrefix } from '../../proto/domain/address.js';
import type { Mode } from '../../proto/domain/network.js';
import { escaped } from '../../proto/domain/text.js';
import { exitCodes, messageOf, XnetError } from '../../proto/errors.js';
import { problemText } from '../../proto/process/problem.js';
import { untilSignal } from '../../proto/process/program.js';
import type { TcpEndpoint } from '../join/call.js';
import type { JoinPreview } from '../join/preview.js';
import type { JoinSettings } from '../join/settings.js';
import type { PreflightFinding } from '../preflight/finding.js';
import { openPlace, type Place } from '../preflight/place.js';
import { leaseClashes, preflight } from '../preflight/preflight.js';
import { type PreflightRequest, requestFrom, requestOfJoin } from '../preflight/request.js';
import type { PreflightSettings } from '../preflight/settings.js';
import type { NodeSettings } from '../settings/settings.js';
import { readCache } from '../table/cache.js';
import { hostSettings } from './host-settings.js';

/** PreflightReport is the output of `xnetd preflight --json`. Fields are only added, never removed. */
export type PreflightReport = {
  /** Whether nothing stops xnet and nothing is warned of. */
  readonly ok: boolean;
  readonly counts: { readonly stops: number; readonly warns: number; readonly info: number };
  /** The gravest first. */
  readonly findings: readonly {
    readonly severity: PreflightFinding['severity'];
    readonly reason: string;
    readonly message: string;
    readonly fix: string | null;
  }[];
};

// Shorter waits need no message.
const quietMs = 1_000;

// Prints once a second which parts are looked at, if they are others than before.
function progressLines(): { readonly onPart: (parts: readonly string[]) => void; readonly end: () => void } {
  const began = performance.now();
  let present = '';
  let spoke = '';
  const say = () => {
    if (present === spoke || present === '') return;
    spoke = present;
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  checking ${present}\n`);
  };
  const timer = setInterval(say, quietMs);
  return {
    onPart: (parts) => {
      present = parts.join(', ');
    },
    end: () => clearInterval(timer),
  };
}

function openHere(settings: Omit<NodeSettings, 'controller'>): Place {
  const { docker } = hostSettings({ ...settings, controller: undefined });
  const { stateDir, routeProtocol, mark, interface: interfaceName, address } = settings;
  return openPlace({ docker, underlay: { interfaceName, address }, stateDir, routeProtocol, mark });
}

async function look(
  settings: Omit<NodeSettings, 'controller'>,
  request: PreflightRequest,
  signal: AbortSignal,
): Promise<readonly PreflightFinding[]> {
  const place = openHere(settings);
  const { onPart, end } = progressLines();
  try {
    return await preflight(place, request, onPart, signal);
  } catch (error) {
    throw signal.aborted ? new XnetError('Cancelled', 'interrupted') : error;
  } finally {
    end();
    await place.close();
  }
}

/** preflightHost looks at this host. */
export async function preflightHost(settings: PreflightSettings): Promise<PreflightReport> {
  const cached = await readCache(settings.stateDir).catch(() => undefined);
  const controllers = (settings.controller ?? []).flat().filter((one): one is TcpEndpoint => one.kind === 'tcp');
  const request = requestFrom({ ...settings, controllers }, cached);
  return reportOf(await look(settings, request, untilSignal()));
}

/**
 * requirePreflight checks a host that is about to join, unless all findings are ignored. Warnings go to standard error.
 * @param preview what the host would get; undefined: an older controller can't tell, so the mode and the lease are not
 * known yet
 * @throws XnetError FailedPrecondition with everything that stops xnet on this host and is not to be ignored
 */
export async function requirePreflight(
  settings: JoinSettings,
  preview: JoinPreview | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (settings.ignorePreflight.includes('all')) return;
  const request =
    preview === undefined
      ? requestFrom({ mode: 'bip', controllers: [], quick: true }, undefined)
      : requestOfJoin(preview);
  const findings = await look(settings, request, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    // Without CAP_NET_ADMIN: the daemon reports what it can't do.
    process.stderr.write(`warning: this host could not be checked: ${escaped(messageOf(error))}\n`);
    return [];
  });
  const isIgnored = ({ reason }: PreflightFinding) => settings.ignorePreflight.includes(reason);
  const stops = findings.filter((finding) => finding.severity === 'stops' && !isIgnored(finding));
  warnOf(findings.filter((finding) => !stops.includes(finding)));
  if (stops.length > 0) {
    const reasons = [...new Set(stops.map(({ reason }) => reason))].join(',');
    throw new XnetError('FailedPrecondition', "xnet can't run on this host in its present state", {
      problems: texts(stops),
      hint: `to join all the same: --ignore-preflight ${reasons}`,
    });
  }
}

/**
 * warnOfLease compares a lease and the pools, which no preview has made known before the join, with the host. Nothing that it
 * finds undoes the join.
 * @param mode of the lease, as far as is known
 * @param subnet "10.76.3.0/24"; empty: not known
 * @param pools CIDRs
 */
export async function warnOfLease(
  settings: JoinSettings,
  { subnet, mode, pools }: { readonly subnet: string; readonly mode: Mode; readonly pools: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  if (settings.ignorePreflight.includes('all')) return;
  const pool = pools.flatMap((text) => parsePrefix(text) ?? []);
  const request = requestFrom({ mode, controllers: [], subnet: parsePrefix(subnet), pool }, undefined);
  let place: Place | undefined;
  try {
    place = openHere(settings);
    warnOf(await leaseClashes(place, request, signal));
  } catch (error) {
    // The host has joined: what is not known of its addresses now, the daemon finds out.
    process.stderr.write(`warning: the lease could not be compared with this host: ${escaped(messageOf(error))}\n`);
  } finally {
    await place?.close();
  }
}

function texts(findings: readonly PreflightFinding[]): readonly string[] {
  return findings.map(({ message, fix = null }) => problemText({ text: message, fix }));
}

function warnOf(findings: readonly PreflightFinding[]): void {
  const wrong = findings.filter(({ severity }) => severity !== 'info');
  for (const line of texts(wrong)) process.stderr.write(`warning: ${escaped(line)}\n`);
}

function reportOf(findings: readonly PreflightFinding[]): PreflightReport {
  const count = (severity: PreflightFinding['severity']) => findings.filter((one) => one.severity === severity).length;
  const counts = { stops: count('stops'), warns: count('warns'), info: count('info') };
  return {
    ok: counts.stops + counts.warns === 0,
    counts,
    findings: findings.map((finding) => ({ ...finding, fix: finding.fix ?? null })),
  };
}

/** preflightExitCode returns 8 if something stops xnet or is warned of, else 0. */
export function preflightExitCode({ ok }: PreflightReport): number {
  return ok ? exitCodes.ok : exitCodes.problemsFound;
}
