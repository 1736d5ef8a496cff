// How the journal writes a bip, and what belongs to it.
// Invariant: a version that knows fewer parts reads the others. Pure.
import * as v from 'valibot';
import { formatIpv4, formatPrefix, type Prefix, parseIpv4, parsePrefix } from '../../../proto/domain/address.js';
import { type AddressPool, type Bip, type OverBridge, parseBip } from './bip-value.js';

/** bip is a bip as text. */
export const bip = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): Bip => {
    const parsed = parseBip(dataset.value);
    if (parsed !== undefined) return parsed;
    addIssue({ message: 'not a bip' });
    return NEVER;
  }),
);
/** networks is the range of other networks that belongs to a bip. */
export const networks = v.optional(
  v.pipe(
    v.object({ base: v.string(), size: v.number() }),
    v.rawTransform(({ dataset, addIssue, NEVER }): AddressPool => {
      const base = parsePrefix(dataset.value.base);
      if (base !== undefined) return { base, size: dataset.value.size };
      addIssue({ message: 'not a CIDR' });
      return NEVER;
    }),
  ),
);
/** fixedCidr is the part of docker0's subnet that belongs to a bip. */
export const fixedCidr = v.optional(
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }): Prefix => {
      const prefix = parsePrefix(dataset.value);
      if (prefix !== undefined) return prefix;
      addIssue({ message: 'not a CIDR' });
      return NEVER;
    }),
  ),
);
/** over is the bridge that Docker's default network is on. */
export const over = v.optional(
  v.pipe(
    v.object({ bridge: v.string(), gateway: v.string() }),
    v.rawTransform(({ dataset, addIssue, NEVER }): OverBridge => {
      const gateway = parseIpv4(dataset.value.gateway);
      if (gateway !== undefined) return { bridge: dataset.value.bridge, gateway };
      addIssue({ message: 'not an address' });
      return NEVER;
    }),
  ),
);
type WithParts = {
  readonly bip: Bip;
  readonly networks?: AddressPool | undefined;
  readonly fixedCidr?: Prefix | undefined;
  readonly over?: OverBridge | undefined;
};
/** withParts adds its parts to a bip: in the journal they are beside it, because earlier versions read only the bip. */
export const withParts = <T extends WithParts>({ networks: pool, fixedCidr: part, over: on, ...rest }: T) => ({
  ...rest,
  bip: {
    ...rest.bip,
    ...(pool === undefined ? {} : { networks: pool }),
    ...(part === undefined ? {} : { fixedCidr: part }),
    ...(on === undefined ? {} : { over: on }),
  },
});
/** encodeParts returns what belongs to a bip, as the journal has it. */
export function encodeParts({ networks: range, fixedCidr: part, over: on }: Bip) {
  return {
    ...(range === undefined ? {} : { networks: { base: formatPrefix(range.base), size: range.size } }),
    ...(part === undefined ? {} : { fixedCidr: formatPrefix(part) }),
    ...(on === undefined ? {} : { over: { bridge: on.bridge, gateway: formatIpv4(on.gateway) } }),
  };
}
