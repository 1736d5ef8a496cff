// Decides what in daemon.json and in dockerd's flags conflicts with a lease. Pure.
// Invariant: where the daemon would refuse, the message is the daemon's. Before a lease is known, a possible conflict is
// a warning, because the lease decides.
import { ipv4FromNumber } from '../../proto/domain/address.js';
import { quoted } from '../../proto/domain/input.js';
import { removeBip, setBip } from '../docker/bip/daemon-json.js';
import { daemonJsonFinding } from '../docker/bip/findings.js';
import { bipFlagFinding, flagFinding } from '../docker/bip/flag-finding.js';
import { isInForce } from '../docker/bip/in-force.js';
import { doesNotFit, type Misfit } from '../docker/bip/misfit.js';
import { type Bip, bipsEqual, parseBip } from '../docker/engine/bip-value.js';
import type { Content } from '../docker/engine/journal.js';
import { type JsonDocument, readDocument } from '../docker/engine/json-document.js';
import { blocked } from '../docker/engine/settings.js';
import type { DockerLooked } from './docker-look.js';
import { type PreflightFinding, rated } from './finding.js';
import { bipWanted, mayGetBip, type PreflightRequest } from './request.js';

/** documentOf returns the parsed daemon.json; undefined if it can't be read or parsed. */
export function documentOf({ file }: Pick<DockerLooked, 'file'>): JsonDocument | undefined {
  const document = 'reason' in file ? undefined : readDocument(file.bytes);
  return document === undefined || 'kind' in document ? undefined : document;
}

/** jsonSetting returns the JSON text of a key of daemon.json: '"10.76.3.1/24"', "1450"; undefined if it has none. */
export function jsonSetting(document: JsonDocument | undefined, key: string): string | undefined {
  const property = document?.properties.find(({ name }) => name === key);
  return property && document?.text.slice(property.valueStart, property.end);
}

// The lease follows the host's present network.
const keepIt = 'lease its subnet to this node: xctl nodes add NAME --address ADDRESS --adopt';
// No lease has it.
const none: Bip = { address: ipv4FromNumber(0), length: 0 };

/** daemonJsonFindings lists conflicts of daemon.json and dockerd's flags with the leases. */
export async function daemonJsonFindings(
  seen: DockerLooked,
  request: PreflightRequest,
): Promise<readonly PreflightFinding[]> {
  const { path, refused, ours } = seen;
  if ('reason' in seen.file) return [rated('stops', seen.file)];
  const { bytes } = seen.file;
  const ofSyntax = removeBip(bytes, none);
  const found: PreflightFinding[] = [];
  if ('refused' in ofSyntax) found.push(rated('stops', daemonJsonFinding(ofSyntax, path)));
  else if (refused !== undefined) {
    const message = `Docker would not start again with the present daemon.json: ${refused}`;
    found.push(rated('stops', blocked('DaemonJsonInvalid', message, `correct ${path}`)));
  }
  const wanted = bipWanted(request);
  if (wanted !== undefined) return [...found, ...(await againstBip(seen, bytes, { wanted, ours }))];
  return mayGetBip(request) ? [...found, ...undecided(seen, ours)] : found;
}

async function againstBip(
  { engine, interfaces, flags, places, path }: DockerLooked,
  bytes: Content,
  { wanted, ours }: { readonly wanted: Bip; readonly ours: Bip | undefined },
): Promise<readonly PreflightFinding[]> {
  const edit = setBip(bytes, wanted, ours);
  // A file that can't be parsed is reported already.
  const isParsed = !('refused' in removeBip(bytes, none));
  const clash = 'refused' in edit && isParsed ? [rated('stops', daemonJsonFinding(edit, path))] : [];
  const inForce =
    !('reason' in engine) &&
    isInForce(wanted, { networks: engine.networks, interfaces, addressPools: engine.info.addressPools });
  const where = async (flag: string) => places.get(flag) ?? 'its command line';
  const flag = await flagFinding({ flags, file: bytes, where }, wanted, inForce);
  return [...clash, ...(flag === undefined ? [] : [rated('stops', flag)])];
}

// No lease is known: the settings that a lease would have to agree with.
function undecided(seen: DockerLooked, ours: Bip | undefined): readonly PreflightFinding[] {
  const document = documentOf(seen);
  const { flags, places, path } = seen;
  const found: PreflightFinding[] = [];
  const bip = document?.properties.find(({ name }) => name === 'bip')?.value ?? undefined;
  if (bip !== undefined && !bipsEqual(parseBip(bip), ours)) {
    const message = `bip is ${quoted(bip)}, which xnet did not set: docker0 keeps it only with a lease of that subnet`;
    found.push({
      severity: 'warns',
      reason: 'DaemonJsonBipByHand',
      message,
      fix: `in ${path}: remove the key "bip", or ${keepIt}`,
    });
  }
  const flagged = flags.get('bip');
  if (flagged !== undefined) {
    const finding = bipFlagFinding(flagged, places.get('bip') ?? 'its command line');
    found.push({ ...rated('warns', finding), fix: `${finding.fix}, or ${keepIt}` });
  }
  for (const name of ['bridge', 'fixed-cidr', 'default-gateway'] as const) {
    const value = document?.properties.find((property) => property.name === name)?.value ?? undefined;
    if (value !== undefined) {
      const fix = `in ${path}: remove the key ${quoted(name)}, or give the lease to check it against: --subnet SUBNET`;
      found.push({ severity: 'warns', reason: `DaemonJson${reasonOf(name)}`, message: misfitText(name, value), fix });
    }
    const given = flags.get(name);
    if (given !== undefined) {
      const place = places.get(name) ?? 'its command line';
      const fix = `remove --${name} from ${place} and restart Docker, or give the lease to check it against: --subnet SUBNET`;
      const message = `--${name} of ${place}: ${misfitText(name, given)}`;
      found.push({ severity: 'warns', reason: `Flag${reasonOf(name)}`, message, fix });
    }
  }
  return found;
}

function reasonOf(name: string): Misfit['refused'] {
  return name === 'bridge' ? 'BridgeSet' : 'DoesNotFit';
}

function misfitText(name: string, value: string): string {
  // With any bip at all.
  const misfit = name === 'bridge' ? doesNotFit(none, { bridge: value }) : undefined;
  return misfit?.message ?? `${name} is ${quoted(value)}, and has to be part of the lease`;
}
