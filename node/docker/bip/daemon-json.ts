// Computes daemon.json with a bip, and the range of other networks that belongs to it, added or removed: bytes in, bytes or
// a refusal out.
// Invariant: only our own values are changed or removed, and no other byte. A file that dockerd would refuse, or that
// excludes a bip, is refused with line, column and what to do. Pure.
import * as v from 'valibot';
import {
  formatPrefix,
  parseIpv4,
  parsePrefix,
  prefixContains,
  prefixCovers,
  prefixOf,
} from '../../../proto/domain/address.js';
import { quoted } from '../../../proto/domain/input.js';
import { type AddressPool, addressPoolsEqual, type Bip, bipsEqual, formatBip, parseBip } from '../engine/bip-value.js';
import {
  type JsonDocument,
  type JsonProperty,
  problemAt,
  readDocument,
  readValue,
  type TextProblem,
  withoutProperty,
  withProperty,
  withValue,
} from '../engine/json-document.js';

/**
 * RefusalReason says why daemon.json can't be edited: dockerd can't parse it (`Invalid`), it is too large or too deeply
 * nested (`TooLarge`), a key occurs twice (`DuplicateKey`), it has a foreign bip (`BipByHand`) or foreign ranges for networks
 * (`AddressPoolsByHand`), its `bridge` excludes a bip (`BridgeSet`), or another key conflicts with the bip (`DoesNotFit`).
 */
export type RefusalReason =
  | 'Invalid'
  | 'TooLarge'
  | 'DuplicateKey'
  | 'BipByHand'
  | 'AddressPoolsByHand'
  | 'BridgeSet'
  | 'DoesNotFit';

/**
 * DaemonJsonRefusal says why a daemon.json is not edited and how to change it. Line and column count characters from 1.
 */
export type DaemonJsonRefusal = {
  readonly refused: RefusalReason;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** Instruction for the operator: "remove the key bridge". */
  readonly fix: string;
};

/** Misfit says why a setting conflicts with a bip; `alternatives` are remedies other than removing the setting. */
export type Misfit = {
  readonly refused: 'BridgeSet' | 'DoesNotFit';
  readonly message: string;
  readonly alternatives: readonly string[];
};

/** Edited is the resulting content of daemon.json; `changed` is false if the file already has it. */
export type Edited = { readonly bytes: Buffer; readonly changed: boolean };

/** OtherSettings are the dockerd settings that a bip must agree with, as texts; empty if not set. */
export type OtherSettings = {
  readonly bridge?: string;
  readonly 'fixed-cidr'?: string;
  readonly 'default-gateway'?: string;
};

/**
 * setBip sets the wanted bip in daemon.json.
 * @param bytes the file's content, undefined if there is no file
 * @param ours the bip that xnet wrote before, which may be replaced; any other bip is foreign
 */
export function setBip(bytes: Buffer | undefined, wanted: Bip, ours: Bip | undefined): Edited | DaemonJsonRefusal {
  const document = readChecked(bytes);
  if ('refused' in document) return document;
  for (const name of ['bridge', 'fixed-cidr', 'default-gateway'] as const) {
    const property = named(document, name);
    const problem = property && doesNotFit(wanted, { [name]: property.value ?? '' });
    if (property && problem) {
      const { refused, message, alternatives } = problem;
      const fix = [`remove the key ${quoted(name)}`, ...alternatives].join(', or ');
      return refusal(document, property, { refused, message, fix });
    }
  }
  const foreign = foreignPools(document, wanted, ours);
  if (foreign !== undefined) return foreign;
  const first = setKey(document, bytes, wanted, ours);
  return 'refused' in first ? first : setPools(first, wanted, ours);
}

function setKey(
  document: JsonDocument,
  bytes: Buffer | undefined,
  wanted: Bip,
  ours: Bip | undefined,
): Edited | DaemonJsonRefusal {
  const property = named(document, 'bip');
  if (property === undefined) return { bytes: withProperty(document, 'bip', formatBip(wanted)), changed: true };
  const present = parseBip(property.value);
  if (bipsEqual(present, wanted)) return { bytes: bytes ?? Buffer.alloc(0), changed: false };
  if (bipsEqual(present, ours)) return { bytes: withValue(document, property, formatBip(wanted)), changed: true };
  const message =
    `bip is ${property.value ? quoted(property.value) : 'there without a value'}, by another hand, and the lease is ` +
    formatBip(wanted);
  const fix = 'remove the key "bip", or lease its subnet to this node (xctl nodes add --subnet)';
  return refusal(document, property, { refused: 'BipByHand', message, fix });
}

// An operator's own ranges for networks are neither replaced nor mixed with ours.
function foreignPools(document: JsonDocument, wanted: Bip, ours: Bip | undefined): DaemonJsonRefusal | undefined {
  const property = named(document, poolsKey);
  if (property === undefined || wanted.networks === undefined) return undefined;
  const present = poolIn(document);
  if (present !== undefined && [wanted, ours].some((bip) => addressPoolsEqual(present, bip?.networks)))
    return undefined;
  const message =
    `${poolsKey} is there by another hand, and in mode block Docker takes the subnets of new networks from the lease, ` +
    formatPrefix(wanted.networks.base);
  const fix = `remove the key "${poolsKey}", or use mode bip (xctl nodes set NAME --mode bip)`;
  return refusal(document, property, { refused: 'AddressPoolsByHand', message, fix });
}

// Edits of one key leave the file as dockerd and readChecked take it.
function setPools(edited: Edited, wanted: Bip, ours: Bip | undefined): Edited | DaemonJsonRefusal {
  const document = readChecked(edited.bytes);
  if ('refused' in document) return document;
  const property = named(document, poolsKey);
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

/**
 * removeBip removes our bip from daemon.json, and the range for networks that belongs to it; any other value stays.
 * @param bytes the file's content, undefined if there is no file
 */
export function removeBip(bytes: Buffer | undefined, ours: Bip): Edited | DaemonJsonRefusal {
  const document = readChecked(bytes);
  if ('refused' in document) return document;
  // The last key first, since it was added last.
  const networks = poolIn(document);
  const pools = networks && addressPoolsEqual(networks, ours.networks) ? named(document, poolsKey) : undefined;
  const bip = bipsEqual(parseBip(named(document, 'bip')?.value), ours) ? named(document, 'bip') : undefined;
  let left: JsonDocument = document;
  let edited: Edited = { bytes: bytes ?? Buffer.alloc(0), changed: false };
  for (const key of [pools, bip]) {
    const property = key && named(left, key.name);
    if (property === undefined) continue;
    edited = { bytes: withoutProperty(left, property), changed: true };
    const next = readChecked(edited.bytes);
    if ('refused' in next) return next;
    left = next;
  }
  return edited;
}

/**
 * bipIn returns the bip that a daemon.json sets, and the range for networks if it is a single one; undefined if it sets no
 * bip or can't be parsed.
 */
export function bipIn(bytes: Buffer | undefined): Bip | undefined {
  const document = readChecked(bytes);
  if ('refused' in document) return undefined;
  const bip = parseBip(named(document, 'bip')?.value);
  const networks = poolIn(document);
  return bip === undefined || networks === undefined ? bip : { ...bip, networks };
}

// The range for networks; undefined if there is none, or anything else than a single one.
function poolIn(document: JsonDocument): AddressPool | undefined {
  const property = named(document, poolsKey);
  const parsed = v.safeParse(onePool, property && readValue(document, property));
  const base = parsed.success ? parsePrefix(parsed.output[0].base) : undefined;
  return base === undefined || !parsed.success ? undefined : { base, size: parsed.output[0].size };
}

/**
 * doesNotFit says why dockerd would not apply these settings together with this bip; undefined if it would. dockerd
 * refuses to start with most of them; it accepts a fixed-cidr outside the subnet and ignores it (measured on 20.10 to
 * 28.5).
 */
export function doesNotFit(wanted: Bip, settings: OtherSettings): Misfit | undefined {
  const subnet = prefixOf(wanted.address, wanted.length);
  const { bridge = '', 'fixed-cidr': fixedCidr = '', 'default-gateway': defaultGateway = '' } = settings;
  if (bridge !== '') {
    const message = `bridge is ${quoted(bridge)}, and dockerd takes a bridge or a bip, not both`;
    return { refused: 'BridgeSet', message, alternatives: ['use bridge mode (xctl nodes add --mode bridge)'] };
  }
  if (fixedCidr !== '') {
    // Host bits are accepted: Go's net.ParseCIDR masks them.
    const range = parseBip(fixedCidr);
    if (range === undefined || !prefixCovers(subnet, prefixOf(range.address, range.length))) {
      const message = `fixed-cidr is ${quoted(fixedCidr)}, which is no part of ${formatPrefix(subnet)}`;
      return { refused: 'DoesNotFit', message, alternatives: [] };
    }
  }
  if (defaultGateway !== '') {
    const gateway = parseIpv4(defaultGateway);
    if (gateway === undefined || !prefixContains(subnet, gateway) || gateway === wanted.address) {
      const message =
        `default-gateway is ${quoted(defaultGateway)}, which is no address of ${formatPrefix(subnet)} for another ` +
        'machine';
      return { refused: 'DoesNotFit', message, alternatives: [] };
    }
  }
  return undefined;
}

const poolsKey = 'default-address-pools';
const onePool = v.strictTuple([v.strictObject({ base: v.string(), size: v.number() })]);

const ourKeys: readonly string[] = ['bip', 'bridge', 'fixed-cidr', 'default-gateway'];

function readChecked(bytes: Buffer | undefined): JsonDocument | DaemonJsonRefusal {
  const document = readDocument(bytes);
  if ('kind' in document) return refusalOf(document, document.kind);
  const seen = new Set<string>();
  for (const property of document.properties) {
    const { name, value } = property;
    if (seen.has(name)) {
      const message = `the key ${quoted(name)} occurs twice, and dockerd uses the last`;
      return refusal(document, property, { refused: 'DuplicateKey', message, fix: `remove one ${quoted(name)}` });
    }
    seen.add(name);
    if (ourKeys.includes(name) && value === undefined) {
      const message = `the value of ${quoted(name)} is not a text, and dockerd refuses anything else`;
      return refusal(document, property, {
        refused: 'Invalid',
        message,
        fix: `write the value of ${quoted(name)} in "…"`,
      });
    }
    const lower = name.toLowerCase();
    if (lower !== name && ourKeys.includes(lower)) {
      const message = `dockerd refuses the key ${quoted(name)}`;
      return refusal(document, property, { refused: 'Invalid', message, fix: `write it as ${quoted(lower)}` });
    }
  }
  return document;
}

function named(document: JsonDocument, name: string): JsonProperty | undefined {
  return document.properties.find((property) => property.name === name);
}

function refusal(
  document: JsonDocument,
  property: JsonProperty,
  { refused, message, fix }: Pick<DaemonJsonRefusal, 'refused' | 'message' | 'fix'>,
): DaemonJsonRefusal {
  return refusalOf(problemAt(document.text, property.start, { kind: 'Invalid', message, fix }), refused);
}

function refusalOf({ line, column, message, fix }: TextProblem, refused: RefusalReason): DaemonJsonRefusal {
  return { refused, line, column, message, fix };
}
