// The named networks of a fleet file. Pure.
// Invariant: the selection of nodes stays as it is unless the file has one.
import { type NetworkOutput, selectorText } from '../output/network.js';
import type { Issue } from './file.js';
import type { FleetFile } from './shape.js';

type FileNetwork = FleetFile['networks'][number];

/** NetworkSelection says which nodes have a network. */
export type NetworkSelection = Pick<NetworkOutput, 'selector' | 'except'>;

/** NetworkStep is one change of a named network. */
export type NetworkStep =
  | {
      readonly kind: 'create network';
      readonly name: string;
      readonly pool: string | undefined;
      readonly bridge: string | undefined;
      readonly selection: NetworkSelection;
      /** It exists, and is being removed. */
      readonly kept: boolean;
    }
  | {
      readonly kind: 'set network';
      readonly name: string;
      readonly selection: NetworkSelection;
      readonly before: NetworkSelection;
    }
  | { readonly kind: 'remove network'; readonly name: string };

/** isSelecting reports whether an entry says which nodes have the network. */
export function isSelecting({ all, labels, nodes }: FileNetwork): boolean {
  return all !== undefined || labels !== undefined || nodes !== undefined;
}

function selectionOf(wanted: FileNetwork, before: NetworkSelection): NetworkSelection {
  const { all = false, labels = {}, nodes = [], except = before.except } = wanted;
  return { selector: isSelecting(wanted) ? { all, labels, nodes } : before.selector, except };
}

const nobody: NetworkSelection = { selector: { all: false, labels: {}, nodes: [] }, except: [] };

function sameSelection(a: NetworkSelection, b: NetworkSelection): boolean {
  const text = ({ selector: { all, labels, nodes }, except }: NetworkSelection) =>
    JSON.stringify([all, Object.entries(labels).sort(), [...new Set(nodes)].sort(), [...new Set(except)].sort()]);
  return text(a) === text(b);
}

/** networkSteps returns the steps that make the networks as in the file, and the problems. */
export function networkSteps(
  { networks }: Pick<FleetFile, 'networks'>,
  state: { readonly networks: readonly NetworkOutput[] },
): { readonly steps: readonly NetworkStep[]; readonly problems: readonly Issue[] } {
  const held = new Map(state.networks.map((network) => [network.name, network]));
  const steps: NetworkStep[] = [];
  const problems: Issue[] = [];
  for (const [index, wanted] of networks.entries()) {
    const { name, pool, bridge } = wanted;
    const is = held.get(name);
    if (is === undefined) {
      steps.push({ kind: 'create network', name, pool, bridge, selection: selectionOf(wanted, nobody), kept: false });
      continue;
    }
    for (const field of ['pool', 'bridge'] as const) {
      const value = wanted[field];
      if (value === undefined || value === is[field]) continue;
      const message = `it is ${is[field]} and can't become ${value}: create another network and move its containers`;
      problems.push({ path: ['networks', index, field], message });
    }
    const before = { selector: is.selector, except: is.except };
    if (is.removingSince !== null) {
      steps.push({
        kind: 'create network',
        name,
        pool: is.pool,
        bridge: is.bridge,
        selection: before,
        kept: true,
      });
    }
    const selection = selectionOf(wanted, before);
    if (!sameSelection(selection, before)) steps.push({ kind: 'set network', name, selection, before });
  }
  return { steps, problems };
}

/** unnamedNetworks returns the steps that remove the networks that a file does not name. */
export function unnamedNetworks(
  { networks }: Pick<FleetFile, 'networks'>,
  state: { readonly networks: readonly NetworkOutput[] },
): NetworkStep[] {
  const named = new Set(networks.map(({ name }) => name));
  return state.networks.flatMap(({ name, removingSince }): NetworkStep[] =>
    named.has(name) || removingSince !== null ? [] : [{ kind: 'remove network', name }],
  );
}

/** networkText returns the line of a step in a plan. */
export function networkText(step: NetworkStep): string {
  switch (step.kind) {
    case 'create network':
      return step.kept
        ? `~ network ${step.name}: being removed → kept`
        : `+ network ${step.name}: ${step.pool === undefined ? '' : `pool ${step.pool}, `}for ${selectorText(step.selection)}`;
    case 'set network':
      return `~ network ${step.name}: for ${selectorText(step.before)} → ${selectorText(step.selection)}`;
    case 'remove network':
      return `- network ${step.name}`;
  }
}
