// Which steps of a plan can be tried before any is made, and where the file has them. Pure.
import type { Path } from './file.js';
import type { FleetStep } from './plan.js';
import type { FleetFile } from './shape.js';

// Steps that free subnets of a pool, some of them only when hosts have stopped using them: until then the pool can't be removed.
const emptying = ['remove node', 'remove route', 'remove network', 'end lease', 'rollout'] as const;

/**
 * rehearsable returns the steps whose dry run shows whether they will succeed: they depend on no earlier step of the
 * plan and are no rollout.
 */
export function rehearsable(steps: readonly FleetStep[]): readonly FleetStep[] {
  const kinds = new Set(steps.map(({ kind }) => kind));
  const made = new Set(steps.flatMap((step) => (step.kind === 'create pool' ? [step.pool.name] : [])));
  const added = new Set(steps.flatMap((step) => (step.kind === 'add node' ? [step.node.name] : [])));
  const resized = new Set(steps.flatMap((step) => (step.kind === 'resize pool' ? [step.name] : [])));
  const freed = new Set(steps.flatMap((step) => (step.kind === 'unreserve' ? [step.pool] : [])));
  const leased = new Set(steps.flatMap((step) => (step.kind === 'add lease' ? [step.node] : [])));
  const isPrepared = resized.size > 0 || made.size > 0 || freed.size > 0;
  const movedAddresses = steps.filter((step) => step.kind === 'set node' && step.change.address !== undefined).length;
  return steps.filter((step) => {
    switch (step.kind) {
      case 'create pool':
        return resized.size === 0 && movedAddresses === 0;
      case 'resize pool':
        return resized.size === 1 && !freed.has(step.name) && movedAddresses === 0;
      case 'set pool':
        return !made.has(step.name);
      case 'reserve':
        return ![made, resized, freed].some((names) => names.has(step.pool)) && !added.has(step.node);
      case 'add node':
      case 'set route':
        return !isPrepared && movedAddresses === 0;
      case 'add lease':
        return !isPrepared && !added.has(step.node);
      case 'end lease':
        return !leased.has(step.node);
      case 'create network':
      case 'set network':
        return !isPrepared && added.size === 0 && !kinds.has('set node');
      case 'remove network':
        return leased.size === 0;
      case 'add nic':
        return (
          !added.has(step.nic.node) &&
          !leased.has(step.nic.node) &&
          !['remove nic', 'create network', 'set network'].some((kind) => kinds.has(kind as FleetStep['kind']))
        );
      case 'set node':
        return !added.has(step.name) && (step.change.address === undefined || movedAddresses === 1);
      case 'remove pool':
        return !emptying.some((kind) => kinds.has(kind));
      case 'rollout':
      case 'rollout of a pool':
        return false;
      default:
        return true;
    }
  });
}

/** pathOf returns where a file has the subject of a step; empty: nowhere. */
export function pathOf(step: FleetStep, { pools, nodes, routes, networks, nics }: FleetFile): Path {
  const at = (list: 'pools' | 'nodes' | 'networks', name: string): Path => {
    const index = { pools, nodes, networks }[list].findIndex((each) => each.name === name);
    return index < 0 ? [] : [list, index];
  };
  switch (step.kind) {
    case 'create pool':
      return at('pools', step.pool.name);
    case 'add node':
      return at('nodes', step.node.name);
    case 'set node':
    case 'remove node':
      return at('nodes', step.name);
    case 'set pool':
    case 'resize pool':
    case 'remove pool':
      return at('pools', step.name);
    case 'reserve':
    case 'unreserve':
    case 'rollout of a pool':
      return at('pools', step.pool);
    case 'set route':
    case 'remove route': {
      const index = routes.findIndex(({ subnet }) => subnet === step.subnet);
      return index < 0 ? [] : ['routes', index];
    }
    case 'add lease': {
      const [list, index] = at('nodes', step.node);
      const node = index === undefined ? undefined : nodes[Number(index)];
      const position = node?.leases?.indexOf(step.lease) ?? -1;
      return list === undefined || index === undefined ? [] : [list, index, 'leases', position];
    }
    case 'end lease':
      return at('nodes', step.node);
    case 'create network':
    case 'set network':
    case 'remove network':
      return at('networks', step.name);
    case 'add nic':
      return ['nics', nics.indexOf(step.nic)];
    case 'remove nic':
    case 'rollout':
      return [];
  }
}
