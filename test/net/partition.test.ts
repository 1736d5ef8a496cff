// etcd members whose packets are silently dropped: connections stay open, and no data arrives.
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { EtcdSite, etcdMembers } from '../support/etcd-site.js';
import { isRoot } from '../support/linux-route-host.js';

const drops = (what: string) => `table inet cut {
  chain in { type filter hook input priority 0; ${what} }
  chain out { type filter hook output priority 0; ${what} }
}`;

// From all machines, or only from the other members: in that case it still answers controllers, and has no leader.
const cuts = {
  'cut off': drops('meta l4proto tcp drop;'),
  'on the minority side': drops('tcp dport 2380 drop; tcp sport 2380 drop;'),
};

// Prints the answer of the standard health service: SERVING.
const channel = fileURLToPath(new URL('../../proto/rpc/channel.js', import.meta.url));
const healthScript = `
  import { createRequire } from 'node:module';
  const require = createRequire('${channel}');
  const Health = require('@grpc/grpc-js').makeGenericClientConstructor(require('grpc-health-check').service, 'Health');
  const { makeClient, callUnary } = await import('${channel}');
  const client = makeClient(Health, { kind: 'unix', path: '/run/c1.sock' });
  console.log((await callUnary(client.check.bind(client), { service: '' }, { timeoutMs: 10_000 })).status);
  client.close();`;

if (isRoot('partitions of the etcd')) {
  test('a controller leaves a member that is partitioned, and is healthy only while its view is current', async (t) => {
    t.timeout(1_800_000);
    const site = await EtcdSite.start();
    t.teardown(() => site.close());
    await site.startController('c1');
    await site.sh('', 'xctl init --pool 10.76.0.0/16');
    await site.startController('c2');
    const cut = (name: string, rules: string) => site.machine(name).run(['nft', '-f', '-'], { input: rules });
    const heal = (name: string) => site.machine(name).run(['nft', 'delete', 'table', 'inet', 'cut']);
    const health = (status: string) =>
      site.until('', `node --input-type=module -e "${healthScript}"`, ({ stdout }) => stdout.trim() === status);
    let added = 0;
    // By either controller, and seen by the other one, whichever member each of them uses.
    const works = async () => {
      for (const [by, seenBy] of [
        ['c1', 'c2'],
        ['c2', 'c1'],
      ]) {
        added += 1;
        const add = `xctl --controller unix:/run/${by}.sock nodes add w${added} --address 192.168.84.${added}`;
        await site.until('', add, ({ code }) => code === 0);
        const list = `xctl --controller unix:/run/${seenBy}.sock nodes list`;
        await site.until('', list, ({ stdout }) => new RegExp(`^w${added} `, 'm').test(stdout));
      }
    };
    for (const [how, rules] of Object.entries(cuts)) {
      for (const name of etcdMembers) {
        t.log(`${name} is ${how}`);
        await cut(name, rules);
        await works();
        const told = new RegExp(`the etcd member at ${site.clientUrl(name)} `);
        await site.until('', 'xctl status', ({ stdout }) => told.test(stdout));
        await heal(name);
        await site.until('', 'xctl status', ({ stdout }) => !told.test(stdout));
      }
    }
    await health('SERVING');
    for (const name of etcdMembers) await cut(name, cuts['cut off']);
    await health('NOT_SERVING');
    for (const name of etcdMembers) await heal(name);
    await health('SERVING');
    await works();
    t.is(added, 14);
  });
}
