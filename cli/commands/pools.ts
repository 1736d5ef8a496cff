// `xctl pools`: the ranges that subnets are leased from.
import type { Mode } from '../../proto/domain/network.js';
import { escaped } from '../../proto/domain/text.js';
import { formatFields } from '../../proto/process/table.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import type { TableLook } from '../output/columns.js';
import { leaseFromWire, type PoolOutput, poolFromWire, poolKind } from '../output/pool.js';
import { formatPoolMap } from '../output/pool-map.js';
import { ageOf, formatDuration } from '../output/time.js';
import { requirePart, verdict } from './change-response.js';

/** RangeToReserve is a CIDR to reserve, and why. */
export type RangeToReserve = { readonly cidr: string; readonly reason: string };

/** PoolLan says what the LAN of a pool of mode lan is. */
export type PoolLan = {
  readonly gateway?: string | undefined;
  readonly lan?: string | undefined;
  readonly defaultNetwork?: boolean | undefined;
};

/** CreateOptions are the options of `pools create`. */
export type CreateOptions = {
  readonly subnetLength?: number;
  readonly mode?: Mode;
  readonly networkLength?: number;
  readonly dockerLength?: number;
  /** Of mode lan. */
  readonly gateway?: string;
  readonly lan?: string;
  readonly defaultNetwork?: true;
  readonly reserve?: readonly RangeToReserve[];
  readonly networkName?: string;
  readonly bridgeName?: string;
  readonly quarantine?: number;
  readonly dryRun: boolean;
};

/** poolText returns the line about the creation of a pool. @param did "created", "would create", "unchanged:" */
export function poolText({ name, cidr, usage, subnetLength, mode }: PoolOutput, did: string): string {
  const subnets = usage.total === 1 ? '1 subnet' : `${usage.total} subnets`;
  return `${did} pool ${escaped(name)}: ${cidr}, ${subnets} of /${subnetLength}, ${mode}`;
}

/** lanOf returns the part of a request that is about the LAN of a pool of mode lan; none of these: nothing. */
export function lanOf({ gateway = '', lan = '', defaultNetwork = false }: PoolLan) {
  return gateway === '' && lan === '' && !defaultNetwork ? {} : { lan: { prefix: lan, gateway, defaultNetwork } };
}

/** createPool creates a pool. */
export async function createPool(
  context: CommandContext,
  options: CreateOptions,
  name: string,
  cidr: string,
): Promise<void> {
  const { client, output } = context;
  const { subnetLength, mode, networkLength, dockerLength, networkName, bridgeName, quarantine, dryRun } = options;
  const { reserve = [] } = options;
  const response = await client.change((admin) => admin.createPool.bind(admin), {
    name,
    cidr,
    dryRun,
    subnetLength: subnetLength ?? 0,
    ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
    ...(networkLength === undefined ? {} : { networkLength }),
    ...(dockerLength === undefined ? {} : { dockerLength }),
    ...lanOf(options),
    reservations: reserve.map((range) => ({ ...range, nodeName: '' })),
    ...(networkName === undefined ? {} : { networkName }),
    ...(bridgeName === undefined ? {} : { bridgeName }),
    ...(quarantine === undefined ? {} : { quarantineSeconds: Math.ceil(quarantine / 1000) }),
  });
  for (const warning of response.warnings) output.message(`warning: ${escaped(warning)}`);
  const pool = poolFromWire(requirePart(response.pool));
  const { unchanged } = response;
  const did = verdict({ unchanged, dryRun }, 'created', 'create');
  await output.show({
    value: { pool, unchanged, dryRun },
    name,
    text: () => [poolText(pool, did)],
  });
}

/** listPools lists the pools. */
export async function listPools(context: CommandContext, { watch }: { readonly watch: boolean }): Promise<void> {
  const { client, output } = context;
  const load = async () => {
    const { pools } = await client.read((admin) => admin.listPools.bind(admin), {});
    return pools.map(poolFromWire);
  };
  if (watch) return watchLists(context, poolKind, relisted(load));
  await output.list(poolKind, await load());
}

function poolFields(pool: PoolOutput, { nowMs }: TableLook): string[] {
  const { usage } = pool;
  return formatFields([
    ['Name', escaped(pool.name)],
    ['Range', `${pool.cidr}, subnets of /${pool.subnetLength}`],
    ['Mode', pool.mode],
    ['Networks', pool.networkLength === null ? '' : `of /${pool.networkLength} within a subnet, made by Docker`],
    [
      'Docker',
      pool.dockerLength === null ? '' : `hands out the first /${pool.dockerLength} of a subnet; the rest is for nics`,
    ],
    ['LAN', pool.lan === null ? '' : `${pool.lan.prefix}, gateway ${pool.lan.gateway}`],
    [
      'Network',
      pool.mode === 'bridge' || pool.mode === 'lan'
        ? escaped(`${pool.lan?.defaultNetwork ? "Docker's default" : pool.networkName} on bridge ${pool.bridgeName}`)
        : '',
    ],
    ['Quarantine', formatDuration(pool.quarantineSeconds * 1000)],
    [
      'Reclaims',
      pool.reclaimAfterSeconds === null
        ? ''
        : `nodes that are down for ${formatDuration(pool.reclaimAfterSeconds * 1000)}`,
    ],
    ['Addresses', pool.followAddress ? 'hosts may change that of their node' : ''],
    ['Created', pool.createdAt === null ? '' : `${pool.createdAt} (${ageOf(pool.createdAt, nowMs)} ago)`],
    [
      'Subnets',
      `${usage.total}: ${usage.leased} leased, ${usage.reserved} reserved, ${usage.quarantined} in quarantine, ${usage.free} free`,
    ],
  ]);
}

/** showPool shows one pool, with a map of it. */
export async function showPool({ client, output }: CommandContext, _options: unknown, name: string): Promise<void> {
  const response = await client.read((admin) => admin.getPool.bind(admin), { name });
  const pool = poolFromWire(requirePart(response.pool));
  const leases = response.subnets.map(leaseFromWire);
  await output.show({
    value: { pool, leases },
    name: pool.name,
    text: (look) => {
      const reservations = pool.reservations.map(({ cidr, node, reason }) => {
        const whom = node === null ? '' : ` for ${escaped(node)}`;
        return `  ${cidr}${whom}${reason === '' ? '' : `: ${escaped(reason)}`}`;
      });
      return [
        ...poolFields(pool, look),
        ...(reservations.length === 0 ? [] : ['Reservations:', ...reservations]),
        '',
        ...formatPoolMap(pool, leases, look.colors),
      ];
    },
  });
}

/** RemoveOptions are the options of commands that remove something. */
export type RemoveOptions = { readonly force: boolean; readonly confirm?: string; readonly dryRun: boolean };

/** removePool removes a pool without leases. */
export async function removePool(context: CommandContext, options: RemoveOptions, name: string): Promise<void> {
  const { client, output } = context;
  const { force, dryRun } = options;
  const question = { what: `remove pool ${name}`, name, severe: true, given: options.confirm };
  if (!dryRun && !(await confirmed(context, question))) return;
  await client.change((admin) => admin.removePool.bind(admin), { name, force, dryRun });
  const did = verdict({ unchanged: false, dryRun }, 'removed', 'remove');
  await output.show({ value: { pool: { name }, dryRun }, name, text: () => [`${did} pool ${name}`] });
}

/** ReserveOptions are the options of `pools reserve`. */
export type ReserveOptions = { readonly node?: string; readonly reason?: string; readonly dryRun: boolean };

/** reserveSubnet excludes a range from allocation, or keeps it for one node. */
export async function reserveSubnet(context: CommandContext, options: ReserveOptions, pool: string, cidr: string) {
  const { client, output } = context;
  const { node = '', reason = '', dryRun } = options;
  const request = { pool, cidr, nodeName: node, reason, dryRun };
  const response = await client.change((admin) => admin.reserveSubnet.bind(admin), request);
  const { unchanged } = response;
  const did = verdict({ unchanged, dryRun }, 'reserved', 'reserve');
  const whom = node === '' ? '' : ` for ${node}`;
  await output.show({
    value: { pool: poolFromWire(requirePart(response.pool)), cidr, unchanged, dryRun },
    name: cidr,
    text: () => [`${did} ${cidr} of pool ${pool}${whom}`],
  });
}

/** unreserveSubnet ends a reservation. */
export async function unreserveSubnet(
  { client, output }: CommandContext,
  { dryRun }: { readonly dryRun: boolean },
  pool: string,
  cidr: string,
): Promise<void> {
  const response = await client.change((admin) => admin.unreserveSubnet.bind(admin), { pool, cidr, dryRun });
  const did = verdict({ unchanged: false, dryRun }, 'ended', 'end');
  await output.show({
    value: { pool: poolFromWire(requirePart(response.pool)), cidr, dryRun },
    name: cidr,
    text: () => [`${did} the reservation of ${cidr} in pool ${pool}`],
  });
}
