// What the steps of a plan are called. Pure.
import { leaseText } from './leases.js';
import { networkText } from './networks.js';
import { nicText } from './nics.js';
import type { FleetStep } from './plan.js';

/** stepText returns the line of a step in a plan: "+ pool b: 10.77.0.0/16". */
export function stepText(step: FleetStep): readonly string[] {
  switch (step.kind) {
    case 'create pool':
      return [`+ pool ${step.pool.name}: ${step.pool.cidr}, ${step.pool.mode ?? 'bip'}`];
    case 'set pool':
      return [`~ pool ${step.name}: ${step.change.text}`];
    case 'resize pool':
      return [`~ pool ${step.name}: range: ${step.before} → ${step.cidr}`];
    case 'unreserve':
      return [`- reservation of ${step.cidr} in pool ${step.pool}`];
    case 'reserve':
      return [`+ reservation of ${step.cidr} in pool ${step.pool}${step.node === '' ? '' : ` for ${step.node}`}`];
    case 'set route': {
      const { subnet, nextHop, name, before } = step;
      const sign = before === undefined ? '+' : '~';
      return [
        `${sign} static route to ${subnet}: ${before === undefined ? '' : `${before} → `}via ${nextHop} (${name})`,
      ];
    }
    case 'remove route':
      return [`- static route to ${step.subnet}`];
    case 'add node': {
      const { name, address, pool, subnet } = step.node;
      return [
        `+ node ${name}: ${address}${pool === undefined ? '' : `, pool ${pool}`}${subnet === undefined ? '' : `, ${subnet}`}`,
      ];
    }
    case 'set node':
      return [`~ node ${step.name}: ${step.change.text}`];
    case 'add lease':
    case 'end lease':
      return [leaseText(step)];
    case 'create network':
    case 'set network':
    case 'remove network':
      return [networkText(step)];
    case 'add nic':
    case 'remove nic':
      return [nicText(step)];
    case 'remove node':
      return [`- node ${step.name}`];
    case 'remove pool':
      return [`- pool ${step.name}`];
    case 'rollout':
      return step.moves.map(
        ({ node, pool, mode, before }) =>
          `! node ${node}: ${before} → pool ${pool}${mode === undefined ? '' : `, mode ${mode}`} (restarts Docker, by a rollout)`,
      );
    case 'rollout of a pool':
      return [`! pool ${step.pool}: mode: ${step.before} → ${step.mode} (restarts Docker on its nodes, by a rollout)`];
  }
}
