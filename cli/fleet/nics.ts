// The nics of a fleet file. Pure.
// Invariant: a nic is known by its address; without one, by its container and interface.
import type { NicOutput } from '../output/nic.js';
import type { FleetFile } from './shape.js';

type FileNic = FleetFile['nics'][number];

/** NicStep is one change of a nic. */
export type NicStep =
  | { readonly kind: 'add nic'; readonly nic: FileNic }
  | { readonly kind: 'remove nic'; readonly address: string; readonly before: string };

/** PresentNic is a nic as it is. */
export type PresentNic = Pick<NicOutput, 'address' | 'node' | 'container' | 'interface'>;

function fits(wanted: FileNic, nic: PresentNic): boolean {
  return (
    wanted.node === nic.node &&
    wanted.container === nic.container &&
    (wanted.interface === undefined || wanted.interface === nic.interface)
  );
}

function described({ node, container, interface: name }: Pick<FileNic, 'node' | 'container' | 'interface'>): string {
  return `${name === undefined ? '' : `${name} of `}container ${container} on ${node}`;
}

/** nicSteps returns the steps that make the nics as in the file, removals first. */
export function nicSteps(
  { nics }: Pick<FleetFile, 'nics'>,
  state: { readonly nics: readonly PresentNic[] },
  { prune }: { readonly prune: boolean },
): NicStep[] {
  const kept = new Set<PresentNic>();
  const replaced = new Set<PresentNic>();
  const adding: NicStep[] = [];
  const atAddress = new Map(state.nics.map((nic) => [nic.address, nic]));
  for (const nic of nics) {
    const held = nic.address === undefined ? undefined : atAddress.get(nic.address);
    if (held !== undefined && fits(nic, held)) kept.add(held);
  }
  for (const nic of nics) {
    const held = nic.address === undefined ? undefined : atAddress.get(nic.address);
    if (held !== undefined && kept.has(held)) continue;
    if (held !== undefined) replaced.add(held);
    const others = state.nics.filter((each) => !kept.has(each) && !replaced.has(each) && fits(nic, each));
    const [same] = nic.address === undefined ? others : [];
    if (same !== undefined) {
      kept.add(same);
      continue;
    }
    // The container has an interface of this name with another address, and can have only one of a name.
    if (nic.interface !== undefined) for (const each of others) replaced.add(each);
    adding.push({ kind: 'add nic', nic });
  }
  const going = state.nics.filter((nic) => replaced.has(nic) || (prune && !kept.has(nic)));
  return [
    ...going.map((nic): NicStep => ({ kind: 'remove nic', address: nic.address, before: described(nic) })),
    ...adding,
  ];
}

/** nicText returns the line of a step in a plan. */
export function nicText(step: NicStep): string {
  if (step.kind === 'remove nic') return `- nic ${step.address}: ${step.before}`;
  return `+ nic${step.nic.address === undefined ? '' : ` ${step.nic.address}`}: ${described(step.nic)}`;
}
