// Binds the calls about named networks to their service definition, and checks their arguments.
// Invariant: all problems of a request are reported together; network/ decides.
import { checkLabel, checkName, Problems } from '../../proto/domain/input.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { ChangeNetworkRequest__Output } from '../../proto/gen/xnet/v1/ChangeNetworkRequest.js';
import type { ChangeNetworkResponse } from '../../proto/gen/xnet/v1/ChangeNetworkResponse.js';
import type { CreateNetworkRequest__Output } from '../../proto/gen/xnet/v1/CreateNetworkRequest.js';
import type { CreateNetworkResponse } from '../../proto/gen/xnet/v1/CreateNetworkResponse.js';
import type { ListNetworksResponse } from '../../proto/gen/xnet/v1/ListNetworksResponse.js';
import type { NetworkServiceHandlers } from '../../proto/gen/xnet/v1/NetworkService.js';
import type { NodeSelector__Output } from '../../proto/gen/xnet/v1/NodeSelector.js';
import type { RemoveNetworkRequest__Output } from '../../proto/gen/xnet/v1/RemoveNetworkRequest.js';
import type { RemoveNetworkResponse } from '../../proto/gen/xnet/v1/RemoveNetworkResponse.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import { decideChangeNetwork, decideCreateNetwork, type NewSelection, requireNetwork } from '../network/decisions.js';
import type { NetworkRegistry } from '../network/networks.js';
import type { Decision } from '../registry/mutation.js';
import { decode } from '../store/record-codec.js';
import type { ReadonlyView } from '../view/view.js';
import { type ClusterState, mutationId } from './admin-deps.js';
import { checkedBridgeName, checkedNetworkName } from './new-pool.js';
import type { Live } from './to-wire/live.js';
import { type NamedNetwork, networkUsers, wireFromNetwork, wireMembers } from './to-wire/networks.js';

/** NetworkServiceDeps are the dependencies of networkService. */
export type NetworkServiceDeps = {
  readonly feed: Pick<ClusterState['feed'], 'view'>;
  readonly finder: ClusterState['finder'];
  readonly networks: NetworkRegistry;
  /** See liveOf. */
  readonly live: () => Live;
  readonly now: () => number;
};

// The rules for names of nodes: stricter than Docker's, so that containers can resolve the name.
function checkedName(text: string, problems: Problems): string | undefined {
  const name = problems.take('name', checkName(text));
  if (name === 'docker_gwbridge' || name === 'ingress') problems.add(`name: ${name} is Docker's own`);
  return name === undefined ? undefined : checkedNetworkName(name, problems);
}

// What else a finder throws is about the store, and no problem of the request.
const isAboutNode = ({ code }: XnetError) => code === 'NotFound' || code === 'InvalidArgument';

class NetworkCalls {
  readonly #deps: NetworkServiceDeps;

  constructor(deps: NetworkServiceDeps) {
    this.#deps = deps;
  }

  #described(view: ReadonlyView, network: NamedNetwork) {
    const members = wireMembers(view, network, { live: this.#deps.live(), nowMs: this.#deps.now() });
    return { network: wireFromNetwork(view, network, members), members };
  }

  async #ids(texts: readonly string[], problems: Problems): Promise<readonly string[]> {
    // At the same time: of several that the view does not have, one read of the store decides.
    const found = await Promise.allSettled(texts.map((text) => this.#deps.finder.find(text)));
    const ids = found.flatMap((each) => {
      if (each.status === 'fulfilled') return [each.value];
      const error: unknown = each.reason;
      if (!(error instanceof XnetError) || !isAboutNode(error)) throw error;
      problems.add(error.hint === undefined ? error.message : `${error.message} (${error.hint})`);
      return [];
    });
    return [...new Set(ids)];
  }

  async #selection(wire: NodeSelector__Output | null, problems: Problems): Promise<NewSelection> {
    const { all = false, none = false, labels = {}, nodes = [] } = wire ?? {};
    for (const [key, value] of Object.entries(labels)) problems.take('label', checkLabel(key, value));
    const isNarrowed = nodes.length > 0 || Object.keys(labels).length > 0;
    if (all && isNarrowed) problems.add('all nodes are selected: leave out labels and nodes, or --all');
    if (none && (all || isNarrowed)) problems.add('no node is selected, and some are: leave out either');
    if (!all && !isNarrowed && !none) problems.add('no node is selected: --all, --label KEY=VALUE or --node NAME');
    return { all, labels: { ...labels }, nodes: [...(await this.#ids(nodes, problems))] };
  }

  async create(request: CreateNetworkRequest__Output): Promise<CreateNetworkResponse> {
    const problems = new Problems();
    const name = checkedName(request.name, problems);
    const pool = request.pool === '' ? undefined : problems.take('pool', checkName(request.pool));
    const bridgeName = request.bridgeName === '' ? undefined : checkedBridgeName(request.bridgeName, problems);
    const selection = await this.#selection(request.selector, problems);
    const except = request.except === null ? undefined : await this.#ids(request.except.nodes, problems);
    throwIfAny(problems.list, 'invalid network');
    if (name === undefined) throw new XnetError('Internal', 'missing validation problem');
    const wanted = {
      name,
      selection,
      ...(pool === undefined ? {} : { pool }),
      ...(bridgeName === undefined ? {} : { bridgeName }),
      ...(except === undefined ? {} : { except }),
    };
    const { networks, feed, now } = this.#deps;
    const { unchanged, message } = await networks.create(mutationId(request), wanted);
    const planned = request.dryRun ? plannedIn(decideCreateNetwork(feed.view, wanted, now())) : undefined;
    return this.#changed(name, planned, { unchanged, change: message });
  }

  async change(request: ChangeNetworkRequest__Output): Promise<ChangeNetworkResponse> {
    const { name } = request;
    const problems = new Problems();
    const include = await this.#ids(request.include, problems);
    const exclude = await this.#ids(request.exclude, problems);
    const selection = request.selector === null ? undefined : await this.#selection(request.selector, problems);
    const except = request.except === null ? undefined : await this.#ids(request.except.nodes, problems);
    throwIfAny(problems.list, 'invalid change of a network');
    const wanted = {
      include,
      exclude,
      ...(selection === undefined ? {} : { selection }),
      ...(except === undefined ? {} : { except }),
    };
    const { networks, feed, now } = this.#deps;
    const { unchanged, message } = await networks.change(mutationId(request), name, wanted);
    const planned = request.dryRun ? plannedIn(decideChangeNetwork(feed.view, name, wanted, now())) : undefined;
    return this.#changed(name, planned, { unchanged, change: message });
  }

  #changed(name: string, planned: NamedNetwork['record'] | undefined, what: { unchanged: boolean; change: string }) {
    const { view } = this.#deps.feed;
    const record = planned ?? view.networks.get(name)?.record;
    // A call that is repeated later may find it gone.
    if (record === undefined) throw new XnetError('NotFound', `network ${name} was removed meanwhile`);
    const described = this.#described(view, { name, record });
    const refused = described.members.filter(({ state }) => state === 'MEMBER_STATE_REFUSED');
    const foreign = described.members.filter(
      ({ state, message }) => state === 'MEMBER_STATE_PENDING' && message !== '',
    );
    const warnings = [...refused, ...foreign].map(({ nodeName, message }) => `${nodeName}: ${message}`);
    const more = warnings.length - 10;
    return { ...described, ...what, warnings: [...warnings.slice(0, 10), ...(more > 0 ? [`${more} more nodes`] : [])] };
  }

  async remove(request: RemoveNetworkRequest__Output): Promise<RemoveNetworkResponse> {
    const { name, disconnect } = request;
    const { networks, feed, live } = this.#deps;
    const usersOf = (view: ReadonlyView) => networkUsers(view, name, live());
    const { unchanged, message } = await networks.remove(mutationId(request), { name, disconnect }, usersOf);
    const record = feed.view.networks.get(name)?.record;
    const described =
      record === undefined ? { network: null, members: [] } : this.#described(feed.view, { name, record });
    return { ...described, unchanged, change: message };
  }

  list(): ListNetworksResponse {
    const { view } = this.#deps.feed;
    const networks = [...view.networks].sort(([a], [b]) => (a < b ? -1 : 1));
    return { networks: networks.map(([name, { record }]) => this.#described(view, { name, record }).network) };
  }

  get(name: string) {
    const { view } = this.#deps.feed;
    return this.#described(view, { name, record: requireNetwork(view, name) });
  }
}

// The record that a dry run would have written.
function plannedIn({ subject, change }: Decision): NamedNetwork['record'] | undefined {
  const put = change?.operations.find(
    (operation) => operation.kind === 'put' && operation.key === `networks/${subject}`,
  );
  const decoded = put?.kind === 'put' ? decode('network', put.value) : undefined;
  return decoded !== undefined && 'record' in decoded ? decoded.record : undefined;
}

/** networkService binds the calls about named networks. */
export function networkService(deps: NetworkServiceDeps): ServiceBinding {
  const calls = new NetworkCalls(deps);
  const implementation = {
    CreateNetwork: unary((request) => calls.create(request)),
    ChangeNetwork: unary((request) => calls.change(request)),
    RemoveNetwork: unary((request) => calls.remove(request)),
    ListNetworks: unary(async () => calls.list()),
    GetNetwork: unary(async ({ name }) => calls.get(name)),
  } satisfies Partial<NetworkServiceHandlers>;
  return { definition: services.network.service, implementation };
}
