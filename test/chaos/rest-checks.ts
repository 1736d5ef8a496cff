// What has to hold at rest: each kernel has exactly the desired routes and firewall sets, all containers reach each other,
// and both controllers have the same routes.
import { callUnary } from '../../proto/rpc/channel.js';
import type { ChaosHost } from './host.js';
import { peersOf, routesOf } from './kernel.js';
import type { Mesh } from './mesh.js';
import type { Recorder } from './recorder.js';
import { Replay, type StoredLease } from './replay.js';
import type { Site } from './site.js';
import { difference, type WatchLine } from './watching.js';

/** RestParts are what is looked at. */
export type RestParts = {
  readonly site: Site;
  readonly hosts: readonly ChaosHost[];
  readonly mesh: Mesh;
  readonly recorder: Recorder;
  /** The messages to the observer so far. */
  readonly observed: () => readonly WatchLine[];
};

/** unrest returns what is not at rest; empty: everything is. @param sinceMs when the last fault or operation ended */
export async function unrest(
  { site, hosts, mesh, recorder, observed }: RestParts,
  sinceMs: number,
): Promise<readonly string[]> {
  await recorder.catchUp();
  const store = new Replay(recorder.history).at(recorder.last);
  const leases = store.leases();
  const expected = store.routes();
  const problems: string[] = mesh.silentSince(sinceMs).map((pair) => `no answer at rest: ${pair}`);
  const [told = []] = observed()
    .flatMap((line) => ('routes' in line ? [line.routes] : []))
    .slice(-1);
  if (difference(told, expected) !== 'nothing') problems.push(`the observer was told ${difference(told, expected)}`);
  for (const { admin, name } of site.controllers) {
    const { routes } = await callUnary(admin.listRoutes.bind(admin), {}, { timeoutMs: 10_000 });
    const listed = routes.map(({ subnet, nextHop }) => `${subnet} via ${nextHop}`).sort();
    const wrong = difference(listed, expected);
    if (wrong !== 'nothing') problems.push(`${name} routes ${wrong}, compared with the store`);
  }
  for (const host of hosts) problems.push(...(await kernelProblems(host, leases, store.pools())));
  return problems;
}

async function kernelProblems(
  host: ChaosHost,
  leases: readonly StoredLease[],
  pools: readonly string[],
): Promise<readonly string[]> {
  const own = leases.filter(({ node }) => node === host.name);
  const lodgings = difference(
    host.containers.map(({ subnet }) => subnet),
    own.map(({ subnet }) => subnet),
  );
  if (lodgings !== 'nothing') return [`the containers of ${host.name} are in ${lodgings}, compared with its leases`];
  // A host that has left has nothing of xnet.
  const peers = host.isMember ? leases.filter(({ node }) => node !== host.name) : [];
  const guards = host.isMember ? pools.map((pool) => `unreachable ${pool}`) : [];
  const routes = difference(await routesOf(host.machine), [
    ...peers.map(({ subnet, address }) => `${subnet} via ${address}`),
    ...guards,
  ]);
  const sets = difference(
    await peersOf(host.machine),
    peers.map(({ subnet }) => subnet),
  );
  return [
    ...(routes === 'nothing' ? [] : [`the routes of ${host.name}: ${routes}`]),
    ...(sets === 'nothing' ? [] : [`the firewall sets of ${host.name}: ${sets}`]),
  ];
}
