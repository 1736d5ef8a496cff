// What a planner remembers of its last plan changes nothing about the next one.
import test from 'ava';
import fc from 'fast-check';
import { type RouteChange, scopes } from '../../../../node/kernel/route-kernel.js';
import { type DesiredRoutes, desiredRoutes, noRoutes } from '../../../../node/routes/desired.js';
import { planRoutes, RoutePlanner } from '../../../../node/routes/plan.js';
import type { Observed, PeerRefusal, PlannedChange, RoutePlanInput } from '../../../../node/routes/plan-context.js';
import { gatewayOf, prefixKey } from '../../../../proto/domain/address.js';
import type { Route } from '../../../../proto/domain/network.js';
import { PrefixMap } from '../../../../proto/domain/prefix-map.js';
import { ip, manyPeers, peer, pool, prefix, route, straight, wanted } from '../../../support/route-fixtures.js';
import { changes, ifindex, nextHops, peers, type Step, steps, World } from '../../../support/route-world.js';

// What the controllers say next, how many of the changes that follow are made, and what else happens.
type Turn = {
  readonly steps: readonly Step[];
  readonly edits: readonly RouteChange[];
  readonly told: { readonly peers: readonly Route[]; readonly isAll: boolean };
  readonly removed: readonly number[];
  readonly unresolved: readonly number[];
  readonly own: readonly string[];
  readonly pools: readonly string[];
  readonly underlay: boolean;
  readonly isStale: boolean;
  readonly made: number;
};

const some = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

// A network on the link by a route, or by a route and an object.
const onLink = { gateway: undefined, ifindex, flags: 0 };
const linkObject = { id: 7, protocol: 4, hop: onLink, members: [] };
const network = '198.51.100.0/24';
const linkRoutes = [
  route(network, { protocol: 4, ...straight(ifindex) }),
  route(network, { protocol: 4, scope: scopes.link, nextHopId: linkObject.id }),
];
const edits: fc.Arbitrary<RouteChange> = fc.oneof(
  { weight: 3, arbitrary: changes },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('addNextHop' as const, 'replaceNextHop' as const, 'deleteNextHop' as const), nextHops)
      .map(([op, nextHop]) => ({ op, nextHop })),
  },
  fc
    .tuple(fc.constantFrom('addRoute' as const, 'deleteRoute' as const), fc.constantFrom(...linkRoutes))
    .map(([op, route]) => ({ op, route })),
  fc.constantFrom('addNextHop' as const, 'deleteNextHop' as const).map((op) => ({ op, nextHop: linkObject })),
);

const turns: fc.Arbitrary<readonly Turn[]> = fc.array(
  fc.record({
    steps: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      steps.map((list) => list.filter(({ kind }) => kind !== 'converge').slice(0, 2)),
    ),
    edits: fc.array(edits, { maxLength: 4 }),
    told: fc.record({ peers: peers.map((list) => list.slice(0, 3)), isAll: some(false, true) }),
    removed: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 1 }),
    unresolved: some<readonly number[]>([], [1], [2, 3]),
    own: some<readonly string[]>(['10.76.0.0/24'], ['10.76.1.0/24'], ['10.76.0.0/24', '10.76.1.0/24'], []),
    pools: some<readonly string[]>(['10.76.0.0/16'], ['10.76.0.0/16', '10.77.0.0/24'], ['10.76.2.0/24']),
    underlay: some(true, false),
    isStale: some(false, true),
    made: some(Number.POSITIVE_INFINITY, 0, 1),
  }),
  { minLength: 1, maxLength: 8 },
);

const poolOf = new Map(['10.76.0.0/16', '10.77.0.0/24', '10.76.2.0/24'].map((cidr) => [cidr, prefix(cidr)]));

// The routes effect's part: what is planned is made, as far as it is, and what the kernel answers is remembered.
class Planned {
  readonly world = new World();
  readonly #planner = new RoutePlanner();
  readonly #refusals = new Map<number, PeerRefusal>();
  readonly #confirmed = new Set<number>();
  #confirmedAt = 0;
  #table = PrefixMap.from<Route>([]);
  #desired: DesiredRoutes = noRoutes;

  async take(turn: Turn, compare: (input: RoutePlanInput, planned: ReturnType<typeof planRoutes>) => void) {
    const { mirror, host } = this.world;
    for (const step of turn.steps) await this.world.take(step);
    for (const edit of turn.edits) await host.other.apply([edit]);
    if (turn.isStale) mirror.invalidate();
    const entries = turn.told.peers.map((each) => [prefixKey(each.subnet), each] as const);
    const gone = turn.removed.map((index) => [prefixKey(peer(index).subnet), undefined] as const);
    this.#table = turn.told.isAll ? PrefixMap.from(entries) : this.#table.with([...entries, ...gone]);
    const { underlay } = wanted({ peers: [], ifindex: turn.underlay ? ifindex : undefined });
    const same = JSON.stringify(this.#desired.pools) === JSON.stringify(turn.pools.map((cidr) => poolOf.get(cidr)));
    this.#desired = desiredRoutes(
      {
        routes: this.#table,
        unresolved: new Set(turn.unresolved.map((index) => prefixKey(peer(index).subnet))),
        pools: same ? this.#desired.pools : turn.pools.map((cidr) => poolOf.get(cidr) ?? pool),
        own: turn.own.map((own) => ({ subnet: prefix(own), bridge: 'docker0' })),
        gateways: turn.own.map((own) => gatewayOf(prefix(own))),
        underlay,
      },
      this.#desired,
    );
    mirror.setRanges(this.#desired.ranges);
    for (let round = 0; round < 3; round += 1) {
      await mirror.refresh();
      if (this.#confirmedAt !== mirror.epoch) this.#confirmed.clear();
      this.#confirmedAt = mirror.epoch;
      const [refusals, confirmed] = [this.#refusals, this.#confirmed];
      const input = { desired: this.#desired, observed: mirror, protocol: 88, useNextHops: true, refusals, confirmed };
      const plan = this.#planner.plan(input);
      compare(input, plan);
      const changes = plan.changes.slice(0, turn.made);
      const outcomes = await host.kernel.apply(changes.map(({ change }) => change));
      for (const [index, planned] of changes.entries()) this.#note(planned, outcomes[index]);
    }
  }

  #note({ peer, isProbe }: PlannedChange, refusal: PeerRefusal['refusal'] | undefined): void {
    if (peer === undefined) return;
    const key = prefixKey(peer.subnet);
    if (isProbe && (refusal === undefined || refusal.errno === 'EEXIST')) this.#confirmed.add(key);
    else if (refusal !== undefined) {
      const { epoch } = this.world.mirror;
      this.#refusals.set(key, { refusal, what: 'a change', nextHop: peer.nextHop, ifindex, epoch });
    }
  }
}

test('after any events, a planner with memory returns the same plan as one without', async (t) => {
  await fc.assert(
    fc.asyncProperty(turns, async (list) => {
      const planned = new Planned();
      for (const turn of list) {
        await planned.take(turn, (input, plan) => {
          const fresh = planRoutes(input);
          if (JSON.stringify(plan) !== JSON.stringify(fresh)) t.deepEqual(plan, fresh);
        });
      }
    }),
    { numRuns: 500, includeErrorInReport: true },
  );
  t.pass();
});

test('the cost of a plan depends on the change, not on the number of peers', async (t) => {
  const { host, mirror } = new World();
  host.addAddress('eth0', '192.168.80.1/20');
  const all = manyPeers(1_000);
  const pools = [prefix('10.64.0.0/10')];
  const table = PrefixMap.from(all.map((each) => [prefixKey(each.subnet), each] as const));
  const { underlay } = wanted({ peers: [], ifindex });
  const rest = { unresolved: noRoutes.unresolved, pools, own: [], gateways: [], underlay };
  const planner = new RoutePlanner();
  const looked: number[] = [];
  // The mirror, and which destinations are read.
  const observed: Observed = {
    get routes() {
      const { routes } = mirror;
      return {
        size: routes.size,
        at: (key: number) => {
          looked.push(key);
          return routes.at(key);
        },
        keys: () => routes.keys(),
        all: () => routes.all(),
        using: (id: number) => routes.using(id),
      };
    },
    get nextHops() {
      return mirror.nextHops;
    },
    get links() {
      return mirror.links;
    },
    get addresses() {
      return mirror.addresses;
    },
    get epoch() {
      return mirror.epoch;
    },
    get mark() {
      return mirror.mark;
    },
    hasAddress: (address) => mirror.hasAddress(address),
    touchedSince: (mark) => mirror.touchedSince(mark),
  };
  const plan = async (desired: DesiredRoutes) => {
    mirror.setRanges(desired.ranges);
    await mirror.refresh();
    looked.length = 0;
    const input = {
      desired,
      observed,
      protocol: 88,
      useNextHops: true,
      refusals: new Map(),
      confirmed: new Set<number>(),
    };
    const { changes } = planner.plan(input);
    await host.kernel.apply(changes.map(({ change }) => change));
    return changes.length;
  };
  let desired = desiredRoutes({ ...rest, routes: table });
  t.is(await plan(desired), 2 * all.length + 1);
  t.is(await plan(desired), 0);
  const [first] = all;
  if (first === undefined) return t.fail();
  const key = prefixKey(first.subnet);
  desired = desiredRoutes({ ...rest, routes: table.with([[key, { ...first, nextHop: ip('192.168.81.1') }]]) }, desired);
  t.is(await plan(desired), 1);
  // Others' routes may be within what has changed.
  const others = ['192.168.80.0/20', '192.168.83.0/24'].map((cidr) => prefixKey(prefix(cidr)));
  t.deepEqual(new Set(looked), new Set([key, ...others]));
});
