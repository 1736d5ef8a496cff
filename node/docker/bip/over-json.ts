// Computes daemon.json with Docker's default network on a bridge that is not Docker's own, or without it.
// Invariant: only our own values are changed or removed, and no other byte. Pure.
import { formatIpv4, parseIpv4 } from '../../../proto/domain/address.js';
import { quoted } from '../../../proto/domain/input.js';
import { type Bip, formatBip, parseBip } from '../engine/bip-value.js';
import {
  type JsonDocument,
  type JsonProperty,
  readValue,
  withoutProperty,
  withProperty,
  withValue,
} from '../engine/json-document.js';
import { type DaemonJsonRefusal, type Edited, propertyNamed, readChecked, refusedAt } from './checked-json.js';

/** overKeys are the keys of daemon.json, and flags of dockerd, that put its default network on a bridge. */
export const overKeys = ['bridge', 'fixed-cidr', 'default-gateway', 'ip-masq'] as const;

type Entry = { readonly name: (typeof overKeys)[number]; readonly value: string | boolean };

// Without ip-masq, Docker would rewrite the source of packets from the LAN to its other networks.
function entriesOf(bip: Bip | undefined): readonly Entry[] {
  if (bip?.over === undefined) return [];
  const { bridge, gateway } = bip.over;
  return [
    { name: 'bridge', value: bridge },
    { name: 'fixed-cidr', value: formatBip(bip) },
    { name: 'default-gateway', value: formatIpv4(gateway) },
    { name: 'ip-masq', value: false },
  ];
}

function has(document: JsonDocument, { name, value }: Entry): JsonProperty | undefined {
  const property = propertyNamed(document, name);
  return property !== undefined && readValue(document, property) === value ? property : undefined;
}

/**
 * setOver puts the default network on the wanted bridge.
 * @param ours what xnet wrote before, which may be replaced; any other value is foreign
 */
export function setOver(bytes: Buffer | undefined, wanted: Bip, ours: Bip | undefined): Edited | DaemonJsonRefusal {
  const document = readChecked(bytes);
  if ('refused' in document) return document;
  const bip = propertyNamed(document, 'bip');
  if (bip !== undefined) {
    const message = 'bip is set, and dockerd takes a bridge or a bip, not both';
    return refusedAt(document, bip, { refused: 'BipByHand', message, fix: 'remove the key "bip"' });
  }
  const before = entriesOf(ours);
  let edited: Edited = { bytes: bytes ?? Buffer.alloc(0), changed: false };
  for (const entry of entriesOf(wanted)) {
    const present = readChecked(edited.bytes);
    if ('refused' in present) return present;
    if (has(present, entry) !== undefined) continue;
    const { name, value } = entry;
    const property = propertyNamed(present, name);
    const isOurs = before.some((each) => each.name === name && has(present, each) !== undefined);
    if (property !== undefined && !isOurs) {
      const message = `${name} has a value that xnet did not set, and Docker's default network needs ${JSON.stringify(value)}`;
      const refused = name === 'bridge' ? 'BridgeSet' : name === 'fixed-cidr' ? 'FixedCidrByHand' : 'DoesNotFit';
      return refusedAt(present, property, { refused, message, fix: `remove the key ${quoted(name)}` });
    }
    const next = property === undefined ? withProperty(present, name, value) : withValue(present, property, value);
    edited = { bytes: next, changed: true };
  }
  return edited;
}

/** removeOver removes what xnet wrote. @param without the file as it was before, whose values stay */
export function removeOver(
  bytes: Buffer | undefined,
  ours: Bip,
  without: Buffer | undefined,
): Edited | DaemonJsonRefusal {
  const former = readChecked(without);
  let edited: Edited = { bytes: bytes ?? Buffer.alloc(0), changed: false };
  // The last key first, since it was added last.
  for (const entry of entriesOf(ours).toReversed()) {
    const present = readChecked(edited.bytes);
    if ('refused' in present) return present;
    const property = has(present, entry);
    const isKept = !('refused' in former) && has(former, entry) !== undefined;
    if (property !== undefined && !isKept) edited = { bytes: withoutProperty(present, property), changed: true };
  }
  const left = readChecked(edited.bytes);
  return 'refused' in left ? left : edited;
}

/** bridgeIn returns the bridge of the default network that a daemon.json sets; undefined: none, or it can't be parsed. */
export function bridgeIn(bytes: Buffer | undefined): string | undefined {
  const document = readChecked(bytes);
  return 'refused' in document ? undefined : (propertyNamed(document, 'bridge')?.value ?? undefined);
}

/** overIn returns the bridge of the default network that a daemon.json sets, with its range and router; undefined: none. */
export function overIn(document: JsonDocument): Bip | undefined {
  const [bridge, range, router] = overKeys.map((name) => propertyNamed(document, name)?.value ?? '');
  const [lease, gateway] = [parseBip(range), parseIpv4(router ?? '')];
  if (bridge === undefined || bridge === '' || lease === undefined || gateway === undefined) return undefined;
  return { ...lease, over: { bridge, gateway } };
}
