// The Docker network of mode lan on an engine with the nftables backend. Debian has no dockerd of this line: an HTTP server
// on a unix socket gives its documented answers.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { convergeBridges, removeStrays } from '../../../../../node/docker/bridge/bridge.js';
import { desiredBridges } from '../../../../../node/docker/bridge/plan.js';
import { connectEngine } from '../../../../../node/docker/engine/dockerode.js';
import { commandRestarter } from '../../../../../node/docker/engine/restarter.js';
import { type DockerHost, dockerDefaults } from '../../../../../node/docker/engine/settings.js';
import type { LanMove } from '../../../../../node/lan/journal.js';
import { exec } from '../../../../../proto/process/exec.js';
import { noSteps } from '../../../../../proto/process/steps.js';
import { bridge, prefix } from '../../../../support/docker-values.js';
import { address } from '../../../../support/pools.js';

const { signal } = new AbortController();
const lan = { prefix: prefix('192.168.61.0/24'), gateway: address('192.168.61.254') };
const names = { networkName: 'xnet-lan', bridgeName: 'xnet-lan' };
const desired = desiredBridges({
  ...{ nodeId: 'n-1', address: address('192.168.61.11'), permit: undefined },
  leases: [
    { pool: 'lan', subnet: prefix('192.168.61.64/27'), generation: 1, mode: 'lan', lan, state: 'wanted', ...names },
  ],
});
const mode = 'com.docker.network.bridge.gateway_mode_ipv4';

type Docker = {
  readonly host: DockerHost;
  /** Requests other than GET: "POST /networks/create", with the gateway mode that a network is made with. */
  readonly got: (readonly [request: string, gatewayMode: unknown])[];
};

// A Docker that reports this backend, with these networks, on a host whose interface was moved.
async function docker(
  t: ExecutionContext,
  driver: string,
  networks: readonly object[] = [],
  lanMove?: () => Promise<LanMove>,
): Promise<Docker> {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-engine-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const socket = join(folder, 'docker.sock');
  const answers = new Map<string, unknown>([
    ['/version', { Version: '29.1.0', ApiVersion: '1.52', Components: [{ Name: 'Engine' }] }],
    ['/info', { FirewallBackend: { Driver: driver } }],
    ['/networks', networks],
    ['/containers/json', []],
    ['/networks/create', { Id: 'made' }],
    ['/networks/old', { Id: 'old', Containers: {} }],
  ]);
  const got: Docker['got'] = [];
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*/, '');
    const body = await text(request);
    if (request.method !== 'GET')
      got.push([`${request.method} ${path}`, body === '' ? '' : JSON.parse(body).Options?.[mode]]);
    const answer = answers.get(path);
    response.writeHead(answer === undefined ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { message: `not answered here: ${path}` }));
  });
  server.listen(socket);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const host: DockerHost = {
    settings: { ...dockerDefaults, socket, daemonJson: join(folder, 'daemon.json'), stateFolder: folder },
    engine: connectEngine(socket),
    restarter: commandRestarter(exec, ['true']),
    exec,
    interfaces: async () => [bridge('xnet-lan', '192.168.61.11/24')],
    answering: async () => [],
    nics: async () => [],
    steps: noSteps,
    now: () => 0,
    log: undefined,
    ...(lanMove === undefined ? {} : { lanMove }),
  };
  return { host, got };
}

const former = (options: object) => ({
  ...{ Id: 'old', Name: 'xnet-lan', Driver: 'bridge', Labels: { 'io.xnet.node': 'n-1' } },
  IPAM: { Config: [{ Subnet: '192.168.61.0/24', Gateway: '192.168.61.254', IPRange: '192.168.61.64/27' }] },
  Options: {
    'com.docker.network.bridge.name': 'xnet-lan',
    'com.docker.network.bridge.inhibit_ipv4': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'false',
    ...options,
  },
});

async function turn({ host, got }: Docker): Promise<readonly unknown[]> {
  const strays = await removeStrays(host, desired, signal);
  const made = await convergeBridges(host, desired, signal);
  return [...got, ...strays.findings, ...made.findings].map((each) => ('reason' in each ? each.reason : each));
}

test('the network is unprotected where Docker filters with nftables, and nowhere else', async (t) => {
  t.deepEqual(await turn(await docker(t, 'nftables')), [['POST /networks/create', 'nat-unprotected']]);
  t.deepEqual(await turn(await docker(t, 'nftables+firewalld')), [['POST /networks/create', 'nat-unprotected']]);
  t.deepEqual(await turn(await docker(t, 'iptables')), [['POST /networks/create', undefined]]);
});

test('a network that was made with the other backend is made again', async (t) => {
  const again = [
    ['DELETE /networks/old', ''],
    ['POST /networks/create', 'nat-unprotected'],
  ];
  t.deepEqual(await turn(await docker(t, 'nftables', [former({})])), again);
  const unprotected = former({ [mode]: 'nat-unprotected' });
  for (const backend of ['nftables', 'iptables']) {
    t.deepEqual(await turn(await docker(t, backend, [unprotected])), [], `it fits ${backend}`);
  }
});

test('a move that begins or is undone while the interfaces are read counts as not verified', async (t) => {
  for (const states of [
    ['settled', 'unverified'],
    ['unverified', 'undone'],
    ['unverified', 'settled'],
  ] as const) {
    const left: LanMove[] = [...states];
    const waits = await docker(t, 'iptables', [], async () => left.shift() ?? 'settled');
    t.deepEqual(await turn(waits), ['WaitingForLanBridge'], states.join(', '));
  }
});
