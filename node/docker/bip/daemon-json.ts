// Computes daemon.json with a bip, and the ranges that belong to it, added or removed: bytes in, bytes or
// a refusal out.
// Invariant: only our own values are changed or removed, and no other byte. A file that dockerd would refuse, or that
// excludes a bip, is refused with line, column and what to do. Pure.
import * as v from 'valibot';
import { formatPrefix, type Prefix, parsePrefix, prefixCovers, prefixOf } from '../../../proto/domain/address.js';
import { quoted } from '../../../proto/domain/input.js';
import {
  type AddressPool,
  addressPoolsEqual,
  type Bip,
  bipsEqual,
  formatBip,
  parseBip,
  rangesEqual,
} from '../engine/bip-value.js';
import {
  type JsonDocument,
  type JsonProperty,
  readValue,
  withoutProperty,
  withProperty,
  withValue,
} from '../engine/json-document.js';
import { type DaemonJsonRefusal, type Edited, propertyNamed, readChecked, refusedAt } from './checked-json.js';
import { doesNotFit } from './misfit.js';
import { overIn, removeOver, setOver } from './over-json.js';

/**
 * setBip sets the wanted bip in daemon.json.
 * @param bytes the file's content, undefined if there is no file
 * @param ours the bip that xnet wrote before, which may be replaced; any other bip is foreign
 */
export function setBip(bytes: Buffer | undefined, wanted: Bip, ours: Bip | undefined): Edited | DaemonJsonRefusal {
  if (ours !== undefined && (ours.over === undefined) !== (wanted.over === undefined)) {
    const cleared = removeBip(bytes, ours);
    const set = 'refused' in cleared ? cleared : setBip(cleared.bytes, wanted, undefined);
    return 'refused' in cleared || 'refused' in set ? set : { ...set, changed: set.changed || cleared.changed };
  }
  if (wanted.over !== undefined) return setOver(bytes, wanted, ours);
  const document = readChecked(bytes);
  if ('refused' in document) return document;
  for (const name of ['bridge', 'fixed-cidr', 'default-gateway'] as const) {
    const property = propertyNamed(document, name);
    if (name === 'fixed-cidr' && isRange(property, ours?.fixedCidr)) continue;
    const problem = property && doesNotFit(wanted, { [name]: property.value ?? '' });
    if (property && problem) {
      const { refused, message, alternatives } = problem;
      const fix = [`remove the key ${quoted(name)}`, ...alternatives].join(', or ');
      return refusedAt(document, property, { refused, message, fix });
    }
  }
  const foreign = foreignPools(document, wanted, ours) ?? foreignRange(document, wanted, ours);
  if (foreign !== undefined) return foreign;
  const first = setKey(document, bytes, wanted, ours);
  const second = 'refused' in first ? first : setPools(first, wanted, ours);
  return 'refused' in second ? second : setRange(second, wanted, ours);
}

function setKey(
  document: JsonDocument,
  bytes: Buffer | undefined,
  wanted: Bip,
  ours: Bip | undefined,
): Edited | DaemonJsonRefusal {
  const property = propertyNamed(document, 'bip');
  if (property === undefined) return { bytes: withProperty(document, 'bip', formatBip(wanted)), changed: true };
  const present = parseBip(property.value);
  if (bipsEqual(present, wanted)) return { bytes: bytes ?? Buffer.alloc(0), changed: false };
  if (bipsEqual(present, ours)) return { bytes: withValue(document, property, formatBip(wanted)), changed: true };
  const message =
    `bip is ${property.value ? quoted(property.value) : 'there without a value'}, which xnet did not set, and the lease is ` +
    formatBip(wanted);
  const fix = 'remove the key "bip", or lease its subnet to this node (xctl nodes add --subnet)';
  return refusedAt(document, property, { refused: 'BipByHand', message, fix });
}

// An operator's own ranges for networks are neither replaced nor mixed with ours.
function foreignPools(document: JsonDocument, wanted: Bip, ours: Bip | undefined): DaemonJsonRefusal | undefined {
  const property = propertyNamed(document, poolsKey);
  if (property === undefined || wanted.networks === undefined) return undefined;
  const present = poolIn(document);
  if (present !== undefined && [wanted, ours].some((bip) => addressPoolsEqual(present, bip?.networks)))
    return undefined;
  const message =
    `${poolsKey} has a value that xnet did not set, and in mode block Docker takes the subnets of new networks from the lease, ` +
    formatPrefix(wanted.networks.base);
  const fix = `remove the key "${poolsKey}", or use mode bip (xctl nodes set NAME --mode bip)`;
  return refusedAt(document, property, { refused: 'AddressPoolsByHand', message, fix });
}

// Edits of one key leave the file as dockerd and readChecked take it.
function setPools(edited: Edited, wanted: Bip, ours: Bip | undefined): Edited | DaemonJsonRefusal {
  const document = readChecked(edited.bytes);
  if ('refused' in document) return document;
  const property = propertyNamed(document, poolsKey);
  const present = poolIn(document);
  if (wanted.networks === undefined) {
    const isOurs = present !== undefined && addressPoolsEqual(present, ours?.networks);
    return isOurs && property ? { bytes: withoutProperty(document, property), changed: true } : edited;
  }
  if (addressPoolsEqual(present, wanted.networks)) return edited;
  const value = [{ base: formatPrefix(wanted.networks.base), size: wanted.networks.size }];
  const bytes = property === undefined ? withProperty(document, poolsKey, value) : withValue(document, property, value);
  return { bytes, changed: true };
}

// An operator's own part of docker0's subnet may be larger than ours, so that Docker hands out addresses of nics.
function foreignRange(document: JsonDocument, wanted: Bip, ours: Bip | undefined): DaemonJsonRefusal | undefined {
  const property = propertyNamed(document, rangeKey);
  if (property === undefined || wanted.fixedCidr === undefined) return undefined;
  if ([wanted, ours].some((bip) => isRange(property, bip?.fixedCidr))) return undefined;
  const message =
    `${rangeKey} is ${quoted(property.value ?? '')}, which xnet did not set, and the part of the lease that Docker is to hand out is ` +
    formatPrefix(wanted.fixedCidr);
  return refusedAt(document, property, { refused: 'FixedCidrByHand', message, fix: `remove the key "${rangeKey}"` });
}

function setRange(edited: Edited, { fixedCidr }: Bip, ours: Bip | undefined): Edited | DaemonJsonRefusal {
  const document = readChecked(edited.bytes);
  if ('refused' in document) return document;
  const property = propertyNamed(document, rangeKey);
  if (fixedCidr === undefined) {
    return isRange(property, ours?.fixedCidr) && property
      ? { bytes: withoutProperty(document, property), changed: true }
      : edited;
  }
  if (isRange(property, fixedCidr)) return edited;
  const text = formatPrefix(fixedCidr);
  const bytes = property === undefined ? withProperty(document, rangeKey, text) : withValue(document, property, text);
  return { bytes, changed: true };
}

function isRange(property: JsonProperty | undefined, range: Prefix | undefined): boolean {
  return range !== undefined && rangesEqual(parsePrefix(property?.value ?? ''), range);
}

/**
 * removeBip removes our bip from daemon.json, and what belongs to it; any other value stays.
 * @param bytes the file's content, undefined if there is no file
 * @param without where it is a bridge: the file as it was before, whose values stay
 */
export function removeBip(bytes: Buffer | undefined, ours: Bip, without?: Buffer): Edited | DaemonJsonRefusal {
  if (ours.over !== undefined) return removeOver(bytes, ours, without);
  const document = readChecked(bytes);
  if ('refused' in document) return document;
  // The last key first, since it was added last.
  const networks = poolIn(document);
  const pools = networks && addressPoolsEqual(networks, ours.networks) ? propertyNamed(document, poolsKey) : undefined;
  const range = isRange(propertyNamed(document, rangeKey), ours.fixedCidr)
    ? propertyNamed(document, rangeKey)
    : undefined;
  const bip = bipsEqual(parseBip(propertyNamed(document, 'bip')?.value), ours)
    ? propertyNamed(document, 'bip')
    : undefined;
  let left: JsonDocument = document;
  let edited: Edited = { bytes: bytes ?? Buffer.alloc(0), changed: false };
  for (const key of [range, pools, bip]) {
    const property = key && propertyNamed(left, key.name);
    if (property === undefined) continue;
    edited = { bytes: withoutProperty(left, property), changed: true };
    const next = readChecked(edited.bytes);
    if ('refused' in next) return next;
    left = next;
  }
  return edited;
}

/**
 * withFormer returns a daemon.json that others have edited since xnet wrote a bip, with the former bip and what belonged to it.
 * @param before the content before xnet's change
 * @param ours the bip that xnet wrote
 * @param without see removeBip
 */
export function withFormer(
  theirs: Buffer,
  before: Buffer | undefined,
  ours: Bip,
  without?: Buffer,
): Edited | DaemonJsonRefusal {
  const former = bipIn(before);
  return former === undefined ? removeBip(theirs, ours, without) : setBip(theirs, former, ours);
}

/**
 * bipIn returns the bip that a daemon.json sets, the part of its subnet that Docker hands out, and the range for networks if it
 * is a single one; or the bridge of the default network with its range and router; undefined if it sets neither or can't be parsed.
 */
export function bipIn(bytes: Buffer | undefined): Bip | undefined {
  const document = readChecked(bytes);
  if ('refused' in document) return undefined;
  const bip = parseBip(propertyNamed(document, 'bip')?.value);
  if (bip === undefined) return overIn(document);
  const networks = poolIn(document);
  const range = parsePrefix(propertyNamed(document, rangeKey)?.value ?? '');
  // dockerd ignores any other.
  const fixedCidr = range && prefixCovers(prefixOf(bip.address, bip.length), range) ? range : undefined;
  return { ...bip, ...(networks && { networks }), ...(fixedCidr && { fixedCidr }) };
}

// The range for networks; undefined if there is none, or anything else than a single one.
function poolIn(document: JsonDocument): AddressPool | undefined {
  const property = propertyNamed(document, poolsKey);
  const parsed = v.safeParse(onePool, property && readValue(document, property));
  const base = parsed.success ? parsePrefix(parsed.output[0].base) : undefined;
  return base === undefined || !parsed.success ? undefined : { base, size: parsed.output[0].size };
}

const poolsKey = 'default-address-pools';
const rangeKey = 'fixed-cidr';
const onePool = v.strictTuple([v.strictObject({ base: v.string(), size: v.number() })]);
