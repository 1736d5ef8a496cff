// Paths whose ends are connected to two controllers, and a node that is removed while the whole mesh is checked. Hosts are
// namespaces of the real kernel; their questions and answers go by real controllers.
import test from 'ava';
import { Poller } from '../../node/kernel/poller.js';
import { callUnary, makeClient } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { ControllerProcess } from '../support/controller-process.js';
import { isRoot } from '../support/linux-route-host.js';
import { type PathHost, PathHosts } from '../support/path-hosts.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { json } from '../support/xctl.js';
import { closing, pair, tcp, unix } from '../support/xctl-pair.js';

if (!isRoot('paths by two controllers')) test.skip('SKIP path-controllers: needs root', () => undefined);
else {
  test('ends at two controllers are looked at by either, and a check goes on when a node is removed', async (t) => {
    const { a, b, xctl } = await pair(t);
    const poller = new Poller();
    t.teardown(() => poller.close());
    const hosts = closing(t, new PathHosts(poller));
    await a.createPool();
    const connect = async (controller: ControllerProcess, name: string, address: string, subnet: string) => {
      await a.addNode(name, address, { subnet });
      const member = await controller.joinNode(name);
      const node = new SimulatedNode(controller.nodeClient(member), name).watch();
      await node.until('its lease', () => node.uses().length === 1);
      await node.report([], node.uses(subnet));
      const look = closing(t, makeClient(services.look, controller.endpoint, member.credentials));
      const answers = (host: PathHost) => {
        node.onLook = async ({ id, question }) => {
          const findings = question === null ? null : await host.ask(question);
          await callUnary(look.answerLook.bind(look), { id, findings }, { timeoutMs: 60_000 });
        };
      };
      return { node, answers };
    };
    const [one, two] = await Promise.all([
      connect(a, hosts.h0.name, hosts.h0.address, hosts.h0.subnet),
      connect(b, hosts.h1.name, hosts.h1.address, hosts.h1.subnet),
    ]);
    one.answers(hosts.h0);
    two.answers(hosts.h1);
    const both = async (status: ControllerProcess) => status.until('both', ({ nodes }) => nodes?.ready === 2);
    await Promise.all([both(a), both(b)]);
    for (const controllers of [[tcp(a)], [tcp(b)], [tcp(b), tcp(a)]]) {
      const by = await xctl(controllers);
      for (const ends of [
        ['h0/api', 'h1/api'],
        ['h1/api', '10.76.0.2'],
        ['10.76.0.2', 'h1/api'],
        ['h0', 'h1'],
      ] as const) {
        const ran = await by.run('ping', ...ends);
        t.is(ran.code, 0, `${controllers} ${ends}: ${ran.stdout}${ran.stderr}`);
      }
    }
    const operator = await xctl([tcp(a)]);
    t.regex((await operator.run('trace', 'h0/api', 'h1/api')).stdout, /h0[\s\S]*h1/);
    // The source by its address: of a container, of the bridge, of the host, and one that nothing on the host has.
    for (const [source, target, first] of [
      [
        '10.76.0.2',
        '10.76.1.2',
        /^requests: h0\/api \(10\.76\.0\.2\) → h1\/api \(10\.76\.1\.2\)\n +h0: docker0 → eth0/,
      ],
      ['10.76.0.1', 'h1/api', /^requests: h0 \(10\.76\.0\.1\) → .*\n +h0: the host itself → eth0/],
      ['192.168.83.10', 'h1', /^requests: h0 \(192\.168\.83\.10\) → .*\n +h0: the host itself → eth0/],
    ] as const) {
      const ran = await operator.run('trace', source, target);
      t.is(ran.code, 0, ran.stdout + ran.stderr);
      t.regex(ran.stdout, first);
      t.regex(ran.stdout, /1 of 1 answered/);
    }
    const nobody = await operator.run('ping', '10.76.0.99', 'h1/api');
    t.is(nobody.code, 8, nobody.stderr);
    t.regex(nobody.stdout, /NotProbed: .*no interface and no running container of this host has 10\.76\.0\.99/);
    await hosts.h1.sh(
      "nft 'add table inet mine; add chain inet mine guard { type filter hook forward priority 0; policy drop; }'",
    );
    for (const source of ['h0/api', '10.76.0.2']) {
      const dropped = await operator.run('ping', source, 'h1/api');
      t.is(dropped.code, 8, dropped.stderr);
      t.regex(dropped.stdout, /h1[\s\S]*mine/);
    }
    await hosts.h1.sh('nft delete table inet mine');
    // By the socket of one there is no certificate for the other.
    const local = await xctl([unix(a)]);
    t.regex((await local.run('ping', 'h0', 'h1')).stdout, /h1[\s\S]*another controller/);

    const checked = await operator.run('check');
    t.is(checked.code, 0, checked.stdout + checked.stderr);
    t.regex(checked.stdout, /2 paths between 2 nodes/);
    const third = await connect(a, 'h2', '192.168.83.19', '10.76.2.0/24');
    third.node.onLook = () => void a.removeNode('h2');
    const meanwhile = await operator.run('check', '-o', 'json');
    t.is(meanwhile.code, 0, meanwhile.stdout + meanwhile.stderr);
    t.regex(meanwhile.stderr, /removed or renamed meanwhile, so left out: h2/);
    t.like(json(meanwhile), { nodes: 2, gone: ['h2'], lost: 0 });
  });
}
