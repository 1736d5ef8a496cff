// The calls by which a host joins, and learns before what it would get. Anyone who reaches the port can make them.
// Invariant: nothing of a request is processed before the token's secret is verified, and an address with too many
// failures is refused for a while, whichever call they were.
import { formatIpv4, formatPrefix, parseIpv4 } from '../../proto/domain/address.js';
import { checkAddress, checkName, Problems } from '../../proto/domain/input.js';
import { primaryLease } from '../../proto/domain/network.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import type { JoinRequest__Output } from '../../proto/gen/xnet/v1/JoinRequest.js';
import type { JoinResponse } from '../../proto/gen/xnet/v1/JoinResponse.js';
import type { PreviewJoinResponse } from '../../proto/gen/xnet/v1/PreviewJoinResponse.js';
import { checkToken, sameHash, type Token, tokenHash } from '../../proto/pki/token.js';
import { pause } from '../../proto/process/backoff.js';
import { hostNetworksFromWire } from '../../proto/rpc/convert.js';
import { wireFromLease } from '../../proto/rpc/convert-assignment.js';
import { services } from '../../proto/rpc/definitions.js';
import { peerOf } from '../../proto/rpc/peer.js';
import { type ServiceBinding, unary } from '../../proto/rpc/server.js';
import type { Authority, Opened } from '../authority/authority.js';
import type { CertificateRegistry } from '../authority/certificates.js';
import type { JoiningHost } from '../authority/join.js';
import { checkUse } from '../authority/tokens.js';
import type { Event } from '../store/events.js';
import { keys } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { TokenRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { apiAddresses } from '../view/api-addresses.js';
import { assignmentOf } from '../view/assignment.js';
import { localToken } from '../view/local-times.js';
import type { ViewFeed } from '../view/view-feed.js';
import { JoinThrottle } from './join-throttle.js';

/** JoinServiceDeps are the dependencies of joining. */
export type JoinServiceDeps = {
  readonly feed: Pick<ViewFeed, 'view' | 'version'>;
  readonly store: Pick<Store, 'read'>;
  readonly authority: Pick<Authority, 'require'>;
  readonly certificates: Pick<CertificateRegistry, 'join' | 'preview'>;
  /** Writes an event outside of a mutation. */
  readonly record: (event: Event) => void;
};

// Delay of a refusal: it limits the attempts of one connection, and leaves time for other calls and streams.
const refusalPauseMs = 250;

const refusals: ReadonlySet<string> = new Set([
  'Unauthenticated',
  'PermissionDenied',
  'ResourceExhausted',
  'PoolExhausted',
]);

// Compared with the secret of an unknown token: as long as a real hash, so that the comparison takes as long.
const nobody = '0'.repeat(64);

function nameAndAddress({ nodeName, address }: JoinRequest__Output): Pick<JoiningHost, 'name' | 'address'> {
  const problems = new Problems();
  const name = nodeName === '' ? undefined : problems.take('node name', checkName(nodeName));
  const checked = address === '' ? undefined : problems.take('address', checkAddress(address));
  throwIfAny(problems.list, 'invalid join request');
  return { ...(name === undefined ? {} : { name }), ...(checked === undefined ? {} : { address: checked }) };
}

type Act<T> = (joining: Omit<JoiningHost, 'keyDigest'>, token: TokenRecord) => Promise<T>;

class JoinCalls {
  readonly #deps: JoinServiceDeps;
  readonly #throttle = new JoinThrottle();

  constructor(deps: JoinServiceDeps) {
    this.#deps = deps;
  }

  async join(request: JoinRequest__Output, address: string): Promise<JoinResponse> {
    const { feed, authority, certificates } = this.#deps;
    const { certificate, record } = await this.#admitted(request, address, (joining, token) =>
      certificates.join(joining, token, request.csr, { request }),
    );
    return answerOf(feed, { nodeId: record.id, certificate, trusted: authority.require().trusted, from: address });
  }

  async preview(request: JoinRequest__Output, address: string): Promise<PreviewJoinResponse> {
    const { feed, certificates } = this.#deps;
    const { name, leases, pools, peers, ...rest } = await this.#admitted(request, address, (joining, token) =>
      certificates.preview(joining, token, request.csr),
    );
    return {
      nodeName: name,
      address: formatIpv4(rest.address),
      leases: leases.map((lease) => wireFromLease(lease)),
      pools: pools.map(formatPrefix),
      peers: peers.map(formatIpv4),
      nodes: rest.nodes,
      controllers: apiAddresses(feed.view, address),
    };
  }

  // Runs `act` for a host whose token is right. A refusal takes a while.
  async #admitted<T>(request: JoinRequest__Output, address: string, act: Act<T>): Promise<T> {
    try {
      return await this.#act(request, address, act);
    } catch (error) {
      if (error instanceof XnetError && refusals.has(error.code)) await pause(refusalPauseMs);
      throw error;
    }
  }

  async #act<T>(request: JoinRequest__Output, address: string, act: Act<T>): Promise<T> {
    if (!this.#throttle.may(address, Date.now())) {
      throw new XnetError('ResourceExhausted', 'too many failed joins from this address: wait a minute');
    }
    const opened = this.#deps.authority.require();
    const { id, record } = await this.#tokenOf(request.token, opened, address);
    const wrong = checkUse(record, parseIpv4(address), Date.now());
    if (wrong !== undefined) throw this.#failed(address, wrong);
    const networks = hostNetworksFromWire(request.hostNetworks);
    const joining = { tokenId: id, ...nameAndAddress(request), networks };
    try {
      return await act(joining, record);
    } catch (error) {
      throw error instanceof XnetError ? this.#refused(address, joining.tokenId, error) : error;
    }
  }

  async #tokenOf(
    text: string,
    { clusterKey, caDigest }: Opened,
    address: string,
  ): Promise<{ readonly id: string; readonly record: TokenRecord }> {
    const checked = checkToken(text);
    if ('problem' in checked) throw this.#failed(address, new XnetError('Unauthenticated', checked.problem));
    const token: Token = checked.value;
    const record = await this.#find(token.id);
    const right = sameHash(record?.hash ?? nobody, tokenHash(clusterKey.tokens, token));
    if (record === undefined || !right || token.caDigest !== caDigest) {
      throw this.#failed(
        address,
        new XnetError('Unauthenticated', `join token ${token.id} is not valid: it was used up, revoked, or never made`),
      );
    }
    return { id: token.id, record };
  }

  // A token created a moment ago through another controller is not in the view yet.
  async #find(id: string): Promise<TokenRecord | undefined> {
    const { feed, store } = this.#deps;
    const known = feed.view.tokens.get(id)?.record;
    if (known !== undefined) return known;
    const entry = await store.read(keys.token(id));
    const decoded = entry === undefined ? undefined : decode('token', entry.value);
    return decoded !== undefined && 'record' in decoded ? localToken(decoded.record, 0, Date.now()) : undefined;
  }

  #failed(address: string, error: XnetError): XnetError {
    if (this.#throttle.failed(address, Date.now())) {
      this.#deps.record({
        reason: 'JoinRefused',
        warning: true,
        subject: `address/${address}`,
        message: `too many failed joins, the last: ${error.message}`,
      });
    }
    return error;
  }

  // Record an event for a right secret that is refused: either a host joins twice, or two hosts have one token, and the
  // wrong one may have been first.
  #refused(address: string, tokenId: string, error: XnetError): XnetError {
    if (error.code !== 'Unauthenticated' && error.code !== 'PermissionDenied') return error;
    this.#deps.record({
      reason: 'JoinRefused',
      warning: true,
      subject: `token/${tokenId}`,
      message: `from ${address}: ${error.message}`,
    });
    return this.#failed(address, error);
  }
}

function answerOf(
  feed: JoinServiceDeps['feed'],
  joined: {
    readonly nodeId: string;
    readonly certificate: string;
    readonly trusted: readonly string[];
    readonly from: string;
  },
): JoinResponse {
  const { view, version } = feed;
  const { nodeId, certificate, trusted, from } = joined;
  const assignment = assignmentOf(view, nodeId);
  return {
    certificate,
    authority: [...trusted],
    clusterId: version.clusterId,
    nodeId,
    nodeName: view.nodes.get(nodeId)?.record.name ?? '',
    controllers: apiAddresses(view, from),
    subnet: assignment === undefined ? '' : formatPrefix(primaryLease(assignment).subnet),
    pools: [...view.pools.values()].map(({ record }) => formatPrefix(record.cidr)),
  };
}

function addressOf(call: Parameters<typeof peerOf>[0]): string {
  const peer = peerOf(call);
  return peer.kind === 'local' ? '' : peer.address;
}

/** joinService binds the calls of joining. */
export function joinService(deps: JoinServiceDeps): ServiceBinding {
  const calls = new JoinCalls(deps);
  return {
    definition: services.join.service,
    implementation: {
      Join: unary<JoinRequest__Output, JoinResponse>((request, call) => calls.join(request, addressOf(call))),
      PreviewJoin: unary<JoinRequest__Output, PreviewJoinResponse>((request, call) =>
        calls.preview(request, addressOf(call)),
      ),
    },
  };
}
