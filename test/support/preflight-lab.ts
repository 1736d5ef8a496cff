// Preflight on a host of the lab, with its real dockerd.
import type { LabHost } from '../../deploy/lab/host.js';
import type { DockerSettings } from '../../node/docker/engine/settings.js';
import { defaultMark } from '../../node/firewall/desired.js';
import type { PreflightFinding, Severity } from '../../node/preflight/finding.js';
import { openPlace } from '../../node/preflight/place.js';
import { preflight } from '../../node/preflight/preflight.js';
import { type PreflightGiven, requestFrom } from '../../node/preflight/request.js';
import type { Cached } from '../../node/table/cache.js';
import type { Exec } from '../../proto/process/exec.js';
import { settingsOn, stateFolderOn } from './docker-lab.js';
import { prefix } from './docker-values.js';
import { procThrough } from './firewall-host.js';

/** PreflightOn changes the input of preflight on a host of the lab. */
export type PreflightOn = Partial<PreflightGiven> & {
  readonly docker?: Partial<DockerSettings>;
  /** What the host knows from a controller: its leases, if `subnet` is undefined. */
  readonly cached?: Cached;
};

/** preflightOn runs preflight with the lease 10.76.3.0/24, without the rules of the firewall unless `quick` is false. */
export async function preflightOn(host: LabHost, options: PreflightOn = {}): Promise<readonly PreflightFinding[]> {
  const { docker = {}, cached, ...given } = options;
  const exec: Exec = (argv, more) => host.exec(argv, more);
  const settings = {
    docker: settingsOn(host, docker),
    underlay: {},
    stateDir: stateFolderOn(host),
    routeProtocol: 88,
    mark: defaultMark,
  };
  const place = openPlace(settings, { namespace: host.namespace.path, exec, proc: procThrough(exec) });
  try {
    const known = {
      mode: 'bip',
      controllers: [],
      subnet: prefix('10.76.3.0/24'),
      pool: [prefix('10.76.0.0/16')],
    } as const;
    const request = requestFrom({ ...known, quick: true, ...given }, cached);
    return await preflight(place, request, () => undefined, new AbortController().signal);
  } finally {
    await place.close();
  }
}

/** rating returns how much a finding matters; undefined if it was not found. */
export function rating(findings: readonly PreflightFinding[], reason: string): Severity | undefined {
  return findings.find((finding) => finding.reason === reason)?.severity;
}
