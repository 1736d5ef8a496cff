// How the cache writes the nics of the node: after a reboot, containers get them without any controller.
// Invariant: an entry that can't be read makes the cache unreadable as a whole.
import * as v from 'valibot';
import { formatIpv4, type Ipv4, parseIpv4 } from '../../proto/domain/address.js';
import type { Nic, NicList } from '../../proto/domain/nic.js';

const nic = v.pipe(
  v.tuple([v.string(), v.string(), v.string()]),
  v.rawTransform(({ dataset, addIssue, NEVER }): Nic => {
    const [text, container, interfaceName] = dataset.value;
    const address: Ipv4 | undefined = parseIpv4(text);
    if (address !== undefined) return { address, container, interfaceName };
    addIssue({ message: 'not an address' });
    return NEVER;
  }),
);

/** cachedNics is the schema of a list: each nic as its address, its container and its interface. */
export const cachedNics = v.object({ epoch: v.number(), revision: v.number(), nics: v.array(nic) });

/** nicsText returns a list as the cache has it; nothing where it is not known. */
export function nicsText(list: NicList | undefined) {
  if (list === undefined) return {};
  const nics = list.nics.map(({ address, container, interfaceName }) => [
    formatIpv4(address),
    container,
    interfaceName,
  ]);
  return { nics: { ...list, nics } };
}
