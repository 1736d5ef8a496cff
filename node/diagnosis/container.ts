// Finds the container that a question is about, by name, id or address.
// Invariant: read-only; a container that can't be used is an answer, not an error.
import { formatIpv4, type Ipv4, type Prefix, prefixContains } from '../../proto/domain/address.js';
import type { ContainerFindings } from '../../proto/gen/xnet/v1/ContainerFindings.js';
import type { EngineContainer } from '../docker/engine/engine.js';
import type { LookedAt } from './looked-at.js';

/** FoundContainer is the container, with the network namespace that its packets leave from. */
export type FoundContainer = {
  readonly findings: ContainerFindings;
  /** Its address in one of the host's leases. Undefined unless its state is Running. */
  readonly address: Ipv4 | undefined;
  /** Path of its network namespace; undefined unless it runs in its own one. */
  readonly namespace: string | undefined;
};

const idDigits = 12;
const shortestId = 4;

/**
 * findContainer finds a container by its name or id, or by its address.
 * @returns undefined if only an address is given and no running container has it
 */
export async function findContainer(
  { engine, own, inLan }: Pick<LookedAt, 'engine' | 'own' | 'inLan'>,
  wanted: { readonly name: string; readonly address?: Ipv4 | undefined },
): Promise<FoundContainer | undefined> {
  const subnets = [...own().map(({ subnet }) => subnet), ...inLan()];
  let containers: readonly EngineContainer[];
  try {
    containers = await engine.containers();
  } catch {
    return wanted.name === '' ? undefined : without('Unknown', wanted.name);
  }
  if (wanted.name === '') {
    const holder = containers.find(
      ({ running, networks }) => running && networks.some(({ address }) => address === wanted.address),
    );
    return holder === undefined ? undefined : see(engine, subnets, containers, holder, wanted.address);
  }
  const named = containers.filter(({ name }) => name === wanted.name);
  const byId = wanted.name.length < shortestId ? [] : containers.filter(({ id }) => id.startsWith(wanted.name));
  const [found, second] = named.length > 0 ? named : byId;
  if (found === undefined) return without('NotFound', wanted.name);
  if (second !== undefined) return without('Ambiguous', wanted.name);
  return see(engine, subnets, containers, found, wanted.address);
}

async function see(
  engine: LookedAt['engine'],
  subnets: readonly Prefix[],
  containers: readonly EngineContainer[],
  container: EngineContainer,
  wanted: Ipv4 | undefined,
): Promise<FoundContainer> {
  const { name, id } = container;
  const seen = (state: string, of: EngineContainer = container): FoundContainer['findings'] => ({
    name,
    id: id.slice(0, idDigits),
    state,
    addresses: of.networks.flatMap((network) =>
      network.address === undefined ? [] : [`${formatIpv4(network.address)} on ${network.name}`],
    ),
  });
  const nowhere = { address: undefined, namespace: undefined };
  if (!container.running) return { findings: seen('NotRunning'), ...nowhere };
  let process: Awaited<ReturnType<LookedAt['engine']['process']>>;
  try {
    process = await engine.process(id);
  } catch {
    // The container has ended meanwhile, or Docker has stopped.
    return { findings: seen('Unknown'), ...nowhere };
  }
  if (process === undefined) return { findings: seen('NotRunning'), ...nowhere };
  if (process.networkMode === 'host') return { findings: seen('HostNetwork'), ...nowhere };
  const namespace = `/proc/${process.pid}/ns/net`;
  // A container that shares another's namespace has the addresses of that container.
  const shared = /^container:(.+)$/.exec(process.networkMode)?.[1];
  const holder = shared === undefined ? container : (containers.find((each) => each.id === shared) ?? container);
  const addresses = holder.networks.flatMap(({ address }) => address ?? []);
  if (addresses.length === 0) return { findings: seen('NoNetwork', holder), address: undefined, namespace };
  const address = addresses.find(
    (each) => (wanted === undefined || each === wanted) && subnets.some((subnet) => prefixContains(subnet, each)),
  );
  if (address === undefined) return { findings: seen('OtherNetwork', holder), address: undefined, namespace };
  return { findings: seen('Running', holder), address, namespace };
}

function without(state: string, name: string): FoundContainer {
  return { findings: { name, id: '', state, addresses: [] }, address: undefined, namespace: undefined };
}
