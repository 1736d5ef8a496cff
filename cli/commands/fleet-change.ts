// The changes of a plan: each is one call. All are rehearsed before the first is made.
// Invariant: a rehearsal changes nothing.
import { XnetError } from '../../proto/errors.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import type { CommandContext } from '../client/context.js';
import type { NetworkSelection } from '../fleet/networks.js';
import type { FleetStep } from '../fleet/plan.js';
import { secondsOf } from '../fleet/pools.js';
import { rehearsable } from '../fleet/rehearsal.js';
import { ProgressLine } from '../output/screen.js';
import { lanOf } from './pools.js';

/** StepCall is the mode of a step: an operation, or a dry run, which changes nothing. */
export type StepCall = { readonly operationId: string } | { readonly dryRun: true };

function selectionOf({ selector: { all, labels, nodes }, except }: NetworkSelection) {
  const none = !all && Object.keys(labels).length === 0 && nodes.length === 0;
  return { selector: { all, none, labels, nodes: [...nodes] }, except: { nodes: [...except] } };
}

/**
 * makeStep makes one change that restarts nothing.
 * @throws XnetError what the call throws
 */
export async function makeStep({ client }: CommandContext, step: FleetStep, call: StepCall): Promise<void> {
  switch (step.kind) {
    case 'create pool': {
      const { name, cidr, subnetLength = 0, mode = 'bip', networkLength = 0, dockerLength = 0 } = step.pool;
      const { networkName = '', bridgeName = '', quarantine } = step.pool;
      await client.change((admin) => admin.createPool.bind(admin), {
        ...call,
        name,
        cidr,
        subnetLength,
        mode: wireFromMode(mode),
        networkLength,
        dockerLength,
        networkName,
        bridgeName,
        ...lanOf(step.pool),
        ...(quarantine === undefined ? {} : { quarantineSeconds: secondsOf(quarantine) }),
      });
      return;
    }
    case 'set pool': {
      const { quarantine, reclaimAfter, followAddress, dockerLength } = step.change;
      await client.change((admin) => admin.setPool.bind(admin), {
        ...call,
        name: step.name,
        ...(quarantine === undefined ? {} : { quarantineSeconds: secondsOf(quarantine) }),
        ...(reclaimAfter === undefined ? {} : { reclaimAfterSeconds: secondsOf(reclaimAfter) }),
        ...(followAddress === undefined ? {} : { followAddress }),
        ...(dockerLength === undefined ? {} : { dockerLength }),
      });
      return;
    }
    case 'resize pool':
      await client.change((admin) => admin.resizePool.bind(admin), { ...call, name: step.name, cidr: step.cidr });
      return;
    case 'unreserve':
      await client.change((admin) => admin.unreserveSubnet.bind(admin), {
        ...call,
        pool: step.pool,
        cidr: step.cidr,
      });
      return;
    case 'reserve':
      await client.change((admin) => admin.reserveSubnet.bind(admin), {
        ...call,
        pool: step.pool,
        cidr: step.cidr,
        nodeName: step.node,
        reason: step.reason,
      });
      return;
    case 'set route': {
      const { subnet, nextHop, name } = step;
      await client.change((routes) => routes.addStaticRoute.bind(routes), { ...call, subnet, nextHop, name });
      return;
    }
    case 'remove route':
      await client.change((routes) => routes.removeStaticRoute.bind(routes), { ...call, subnet: step.subnet });
      return;
    case 'add node': {
      const { name, address, pool = '', subnet = '', mode, labels = {} } = step.node;
      const given = mode === undefined ? {} : { mode: wireFromMode(mode) };
      const request = { ...call, name, address, pool, subnet, labels, ...given };
      await client.change((admin) => admin.addNode.bind(admin), request);
      return;
    }
    case 'set node': {
      const { address = '', availability, setLabels, removeLabels } = step.change;
      await client.change((admin) => admin.setNode.bind(admin), {
        ...call,
        node: step.name,
        address,
        setLabels,
        removeLabels: [...removeLabels],
        ...(availability === undefined
          ? {}
          : { availability: availability === 'active' ? 'AVAILABILITY_ACTIVE' : 'AVAILABILITY_CORDONED' }),
      });
      return;
    }
    case 'add lease': {
      const { pool, subnet = '', mode, network = '', bridge = '' } = step.lease;
      await client.change((lease) => lease.addLease.bind(lease), {
        ...call,
        node: step.node,
        pool,
        subnet,
        networkName: network,
        bridgeName: bridge,
        ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
      });
      return;
    }
    case 'end lease': {
      const { node, subnet } = step;
      await client.change((lease) => lease.endLease.bind(lease), { ...call, node, subnet, force: false });
      return;
    }
    case 'create network': {
      const { name, pool = '', bridge = '' } = step;
      const request = { ...call, name, pool, bridgeName: bridge, ...selectionOf(step.selection) };
      await client.change((network) => network.createNetwork.bind(network), request);
      return;
    }
    case 'set network': {
      const request = { ...call, name: step.name, ...selectionOf(step.selection) };
      await client.change((network) => network.changeNetwork.bind(network), request);
      return;
    }
    case 'remove network':
      await client.change((network) => network.removeNetwork.bind(network), { ...call, name: step.name });
      return;
    case 'add nic': {
      const { node, container, address = '', interface: interfaceName = '' } = step.nic;
      const request = { ...call, node, container, address, interfaceName };
      await client.change((nics) => nics.addNic.bind(nics), request);
      return;
    }
    case 'remove nic':
      await client.change((nics) => nics.removeNic.bind(nics), { ...call, address: step.address });
      return;
    case 'remove node':
      await client.change((admin) => admin.removeNode.bind(admin), { ...call, node: step.name, force: false });
      return;
    case 'remove pool':
      await client.change((admin) => admin.removePool.bind(admin), { ...call, name: step.name, force: false });
      return;
    default:
      throw new XnetError('Internal', `${step.kind} is not one change`);
  }
}

/** Refusal is why a controller would refuse a step. */
export type Refusal = { readonly step: FleetStep; readonly message: string };

const atOnce = 16;
const refusals: ReadonlySet<string> = new Set([
  ...['InvalidArgument', 'NotFound', 'AlreadyExists', 'FailedPrecondition', 'PoolExhausted', 'Conflict'],
]);

/**
 * rehearse asks the controllers for a dry run of each step that depends on no other step, and returns all refusals.
 * @throws XnetError when no controller answers, or the caller may not do it
 */
export async function rehearse(context: CommandContext, steps: readonly FleetStep[]): Promise<readonly Refusal[]> {
  const line = new ProgressLine(context.settings.quiet ? { write: () => undefined } : process.stderr);
  const due = rehearsable(steps);
  const found = new Map<FleetStep, string>();
  const next = due.values();
  let done = 0;
  const worker = async () => {
    for (const step of next) {
      try {
        await makeStep(context, step, { dryRun: true });
      } catch (error) {
        if (!(error instanceof XnetError) || !refusals.has(error.code)) throw error;
        found.set(step, [error.message, ...error.problems].join('; '));
      }
      done += 1;
      if (done % 250 === 0) line.set(`checked ${done} of ${due.length} changes`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, due.length) }, worker));
  } finally {
    line.end();
  }
  return due.flatMap((step) => {
    const message = found.get(step);
    return message === undefined ? [] : [{ step, message }];
  });
}
