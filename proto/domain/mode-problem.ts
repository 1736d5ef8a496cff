// Which modes the leases of a pool can have. Pure.
// Invariant: controllers and xctl refuse the same, in the same words.
import { docker0Length, type Mode } from './network.js';

/**
 * modeProblem says why a node can't realise leases of a pool with a mode; undefined: it can. In mode block, docker0 gets the
 * first /24 of a subnet, and other networks the rest. Mode lan belongs to the pool.
 */
export function modeProblem(
  mode: Mode,
  { name, subnetLength, mode: ofPool }: { readonly name: string; readonly subnetLength: number; readonly mode: Mode },
): string | undefined {
  if (mode !== ofPool && (mode === 'lan' || ofPool === 'lan')) {
    return (
      `pool ${name} is of mode ${ofPool}, and its leases can't be of mode ${mode}: only a pool that lies in the hosts' LAN has ` +
      'leases of mode lan, and no others'
    );
  }
  if (mode !== 'block' || subnetLength < docker0Length) return undefined;
  return (
    `mode block needs subnets of /${docker0Length - 1} or larger, and those of pool ${name} are /${subnetLength}: docker0 ` +
    `gets the first /${docker0Length}, and other networks the rest`
  );
}
