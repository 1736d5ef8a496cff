// Reports the flags of dockerd that exclude a bip in daemon.json.
// Invariant: a flag that already sets the wanted bip is left alone.
import { formatPrefix } from '../../../proto/domain/address.js';
import { quoted } from '../../../proto/domain/input.js';
import type { Finding } from '../../reconcile/effect.js';
import { type Bip, bipText } from '../engine/bip-value.js';
import type { Flags } from '../engine/flags.js';
import type { Content } from '../engine/journal.js';
import { blocked } from '../engine/settings.js';
import { bipIn } from './daemon-json.js';
import { doesNotFit, type Misfit } from './misfit.js';
import { overKeys } from './over-json.js';

const poolFlag = 'default-address-pool';

/** FlagReason is how a flag of dockerd excludes a bip in daemon.json. */
export type FlagReason = 'AddressPoolsAreFlag' | 'BipIsFlag' | 'FixedCidrIsFlag' | `Flag${Misfit['refused']}`;

/** FlagsSeen are the flags of dockerd, daemon.json, and the place where a flag is set: "/etc/default/docker, line 7". */
export type FlagsSeen = {
  readonly flags: Flags;
  readonly file: Content;
  readonly where: (flag: string) => Promise<string>;
};

/**
 * flagFinding reports the first flag that excludes a bip; undefined if none does. dockerd does not start with a setting
 * that is both a flag and in daemon.json, or with settings that exclude each other.
 * @param inForce whether docker0 has the wanted bip already, and Docker its range for networks
 */
export async function flagFinding(
  { flags, file, where }: FlagsSeen,
  wanted: Bip,
  inForce: boolean,
): Promise<Finding<FlagReason> | undefined> {
  const bip = flags.get('bip');
  if (wanted.over !== undefined) return inForce ? undefined : overFlagFinding(flags, wanted, where);
  // A flag that sets the lease's bip is equivalent to the key.
  if (bip !== undefined && (bipIn(file) !== undefined || !inForce)) return bipFlagFinding(bip, await where('bip'));
  if (wanted.networks !== undefined && flags.has(poolFlag) && !inForce) {
    const place = await where(poolFlag);
    const message =
      `dockerd is given --${poolFlag} by ${place}, and in mode block Docker takes the subnets of new networks from the ` +
      `lease, ${formatPrefix(wanted.networks.base)}`;
    const fix = `remove --${poolFlag} from ${place} and restart Docker, or use mode bip (xctl nodes set NAME --mode bip)`;
    return blocked('AddressPoolsAreFlag', message, fix);
  }
  if (wanted.fixedCidr !== undefined && flags.has('fixed-cidr') && !inForce) {
    const place = await where('fixed-cidr');
    const message =
      `dockerd is given --fixed-cidr by ${place}, and does not start with the one of the lease, ` +
      `${formatPrefix(wanted.fixedCidr)}, in daemon.json as well`;
    return blocked('FixedCidrIsFlag', message, `remove --fixed-cidr from ${place} and restart Docker`);
  }
  for (const name of ['bridge', 'fixed-cidr', 'default-gateway'] as const) {
    const problem = doesNotFit(wanted, { [name]: flags.get(name) ?? '' });
    if (problem !== undefined) {
      const place = await where(name);
      const fix = [`remove --${name} from ${place} and restart Docker`, ...problem.alternatives].join(', or ');
      return blocked(`Flag${problem.refused}`, `--${name} of ${place}: ${problem.message}`, fix);
    }
  }
  return undefined;
}

// dockerd takes no setting both as a flag and in daemon.json, nor a bip beside a bridge.
async function overFlagFinding(
  flags: Flags,
  wanted: Bip,
  where: FlagsSeen['where'],
): Promise<Finding<FlagReason> | undefined> {
  const name = (['bip', ...overKeys] as const).find((each) => flags.has(each));
  if (name === undefined) return undefined;
  const place = await where(name);
  const message = `dockerd is given --${name} by ${place}, and does not start with ${bipText(wanted)} in daemon.json as well`;
  const reason = name === 'bip' ? 'BipIsFlag' : name === 'bridge' ? 'FlagBridgeSet' : 'FlagDoesNotFit';
  return blocked(reason, message, `remove --${name} from ${place} and restart Docker`);
}

/**
 * bipFlagFinding reports a bip that is a flag of dockerd.
 * @param place where it is set, "/etc/default/docker, line 7"
 * @param mayMove false: xnetd was to move it, and could not
 */
export function bipFlagFinding(bip: string, place: string, mayMove = true): Finding<'BipIsFlag'> {
  const message = `dockerd is given --bip ${quoted(bip)} by ${place}, and does not start with a bip in daemon.json as well`;
  // xnetd moves only what the unit itself says.
  const orMove =
    mayMove && /\.(service|conf), line/.test(place) ? ', or set move-bip: true in /etc/xnet/xnetd.yaml' : '';
  return blocked('BipIsFlag', message, `remove --bip from ${place} and restart Docker${orMove}`);
}
