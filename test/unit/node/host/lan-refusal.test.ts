// An engine whose nftables backend mode lan is refused for, before the host's interface is moved. Debian has no dockerd of
// this line: an HTTP server on a unix socket gives its documented answers.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { makeDockerEffect } from '../../../../node/docker/effect.js';
import { connectEngine } from '../../../../node/docker/engine/dockerode.js';
import { type DockerSettings, dockerDefaults } from '../../../../node/docker/engine/settings.js';
import { EngineFactsReader } from '../../../../node/host/engine-facts.js';
import { lanRefusal } from '../../../../node/host/lan-refusal.js';
import type { Lease } from '../../../../proto/domain/network.js';
import { bridge, prefix } from '../../../support/docker-values.js';
import { address } from '../../../support/pools.js';

const { signal } = new AbortController();
const lan = { prefix: prefix('192.168.61.0/24'), gateway: address('192.168.61.254') };
const lease: Lease = {
  ...{ pool: 'lan', subnet: prefix('192.168.61.64/27'), generation: 1, mode: 'lan', lan, state: 'wanted' },
  ...{ networkName: 'xnet-lan', bridgeName: 'xnet-lan' },
};
const desired = { nodeId: 'n-1', address: address('192.168.61.11'), leases: [lease], permit: undefined };

type Place = {
  readonly settings: DockerSettings;
  /** starts a Docker that reports this backend. Returns the requests that it has got: "POST /networks/create". */
  readonly docker: (driver: string | undefined) => Promise<readonly string[]>;
};

function place(t: ExecutionContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-engine-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [socket, daemonJson] = [join(folder, 'docker.sock'), join(folder, 'daemon.json')];
  return {
    settings: { ...dockerDefaults, socket, daemonJson, pidFile: join(folder, 'none'), stateFolder: folder },
    docker: async (driver) => {
      const got: string[] = [];
      const answers = new Map<string, unknown>([
        ['/version', { Version: '29.1.0', ApiVersion: '1.52', Components: [{ Name: 'Engine' }] }],
        ['/info', driver === undefined ? {} : { FirewallBackend: { Driver: driver } }],
        ['/networks', []],
        ['/containers/json', []],
      ]);
      const server = createServer(({ method = '', url = '' }, response) => {
        const path = url.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '');
        got.push(`${method} ${path}`);
        const body = method === 'GET' ? answers.get(path) : undefined;
        response.writeHead(body === undefined ? 500 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body ?? { message: 'not answered here' }));
      });
      server.listen(socket);
      await once(server, 'listening');
      t.teardown(() => server.close());
      return got;
    },
  };
}

const reader = ({ settings }: Place) => new EngineFactsReader(connectEngine(settings.socket), settings);

test('an engine with the nftables backend is refused before a move, and gets no network', async (t) => {
  const here = place(t);
  const got = await here.docker('nftables');
  const refused = await lanRefusal(reader(here), signal);
  t.like(refused, { type: 'Underlay', reason: 'LanNeedsIptables', transient: false });
  t.regex(refused?.fix ?? '', /"firewall-backend": "iptables"/);
  // An operator's bridge has the address already, so that nothing is to be moved: Docker gets no network on it either.
  const interfaces = async () => [bridge('xnet-lan', '192.168.61.11/24')];
  const { findings, changes } = await makeDockerEffect({ settings: here.settings, interfaces }).converge(
    desired,
    signal,
  );
  t.deepEqual([findings.map(({ reason }) => reason), changes], [['LanNeedsIptables'], 0]);
  t.deepEqual(
    got.filter((request) => !request.startsWith('GET ')),
    [],
  );
});

test('other backends are not refused, whatever daemon.json says for the next start', async (t) => {
  for (const driver of ['iptables', 'iptables+firewalld', undefined]) {
    const here = place(t);
    writeFileSync(here.settings.daemonJson ?? '', '{"firewall-backend": "nftables"}');
    await here.docker(driver);
    t.is(await lanRefusal(reader(here), signal), undefined, driver);
  }
});

test('a Docker that does not run is judged by its daemon.json', async (t) => {
  const here = place(t);
  t.is(await lanRefusal(reader(here), signal), undefined, 'no daemon.json');
  for (const [text, reason] of [
    ['{"firewall-backend": "nftables"}', 'LanNeedsIptables'],
    ['{"firewall-backend": "iptables"}', undefined],
    ['{"debug": true}', undefined],
    ['{', undefined],
  ] as const) {
    writeFileSync(here.settings.daemonJson ?? '', text);
    t.is((await lanRefusal(reader(here), signal))?.reason, reason, text);
  }
});
