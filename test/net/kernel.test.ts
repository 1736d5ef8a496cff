// The netlink adapter's edges on the real kernel: nftables' notifications, locks, namespaces, and the end of a process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import { differences } from '../../node/kernel/compare-readings.js';
import { HostMonitor } from '../../node/kernel/host-monitor.js';
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { KernelMirror } from '../../node/kernel/mirror.js';
import { NftablesGeneration } from '../../node/kernel/nftables-generation.js';
import { type NftablesCommit, NftablesWatch } from '../../node/kernel/nftables-watch.js';
import { Poller } from '../../node/kernel/poller.js';
import type { SecondReading } from '../../node/kernel/second-reader.js';
import { Routes } from '../../node/routes/routes.js';
import { inNamespace, openNetlink, SyscallError, setNetlinkOption, tryLock } from '../../proto/process/syscall.js';
import { isRoot, LinuxRouteHost } from '../support/linux-route-host.js';
import { manyPeers, prefix, wanted } from '../support/route-fixtures.js';

const rooted = isRoot('the netlink adapter on the real kernel');
const compiled = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

// In a process of its own: the socket is made on a thread that does not follow this one into a namespace.
function readInNamespace(namespace: Namespace): SecondReading {
  const printed = namespace.runSync([process.execPath, compiled('test/support/second-reading.js')]);
  const { links, routes } = JSON.parse(printed) as Omit<SecondReading, 'links'> & { links: [number, string][] };
  return { links: new Map(links), routes };
}

if (rooted) {
  test.serial('node-netlink lists the links and routes that the mirror has, and those that it missed', async (t) => {
    const host = new LinuxRouteHost();
    const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
    const routes = new Routes({ kernel: host.kernel, mirror, protocol: 88 });
    try {
      const ifindex = host.addLink('eth0');
      host.addAddress('eth0', '192.168.80.1/20');
      const peers = manyPeers(300);
      const pools = [prefix('10.64.0.0/10')];
      await routes.converge(wanted({ peers, ifindex, pools }), new AbortController().signal);
      await mirror.refresh();
      const second = readInNamespace(host.namespace);
      // Every peer's, and the guard of the pool.
      t.is(second.routes.filter((route) => route.protocol === 88).length, peers.length + 1);
      t.deepEqual(differences(mirror, second, 88), []);

      host.ip('route', 'add', '10.76.250.0/24', 'via', '192.168.80.99', 'dev', 'eth0', 'proto', '88');
      host.addLink('eth1');
      const later = differences(mirror, readInNamespace(host.namespace), 88);
      t.is(later.length, 3);
      t.true(later.every((line) => line.endsWith('listed by node-netlink only')));
      t.regex(later.join('\n'), /^10\.76\.250\.0\/24 via 192\.168\.80\.99 dev \d+ proto 88 type 1 metric 0: /m);
      await mirror.refresh();
      t.deepEqual(differences(mirror, readInNamespace(host.namespace), 88), []);
    } finally {
      await host.close();
    }
  });

  test.serial('commits to nftables are reported with their author, and so is every other change', async (t) => {
    const namespace = Namespace.create('nft');
    const poller = new Poller();
    const watch = new NftablesWatch(poller, namespace.path);
    const kernel = openLinuxRouteKernel({ poller, namespace: namespace.path });
    const mirror = new KernelMirror({ kernel, protocol: 88 });
    await mirror.refresh();
    const monitor = new HostMonitor(mirror, watch);
    try {
      const commits = new Promise<readonly NftablesCommit[]>((resolve) => watch.onCommit(resolve));
      const kinds: string[] = [];
      monitor.onChange((changes) => kinds.push(...changes));
      namespace.runSync(['nft', 'add', 'table', 'ip', 'somebody']);
      const [commit] = await commits;
      t.is(commit?.program, 'nft');
      t.true((commit?.processId ?? 0) > 0);
      namespace.runSync(['ip', 'address', 'add', '192.168.83.1/24', 'dev', 'lo']);
      while (!kinds.includes('address')) await turn();
      t.true(kinds.includes('nftables'));
    } finally {
      monitor.close();
      watch.close();
      kernel.close();
      await poller.close();
      namespace.delete();
    }
  });

  test.serial(
    'the objects that a commit to nftables touched are reported, and those touched since a generation',
    async (t) => {
      const namespace = Namespace.create('nft');
      const poller = new Poller();
      const watch = new NftablesWatch(poller, namespace.path);
      const generation = new NftablesGeneration(namespace.path);
      const now = () => generation.current() ?? 0;
      const told = (from: number, to = now()) =>
        watch
          .touchedSince(from, to)
          ?.map(({ kind, family, table, chain, isBase, removed }) =>
            [removed ? '-' : '+', kind, family, table, chain, ...(isBase ? ['base'] : [])].join(' ').trim(),
          )
          .sort();
      const nft = (...words: readonly string[]) => namespace.runSync(['nft', words.join(' ')]);
      try {
        const first = now();
        t.is(told(first), undefined, 'nothing since');
        nft(
          'add table inet guard { set s { type ipv4_addr; };',
          'chain forwarded { type filter hook forward priority 0; ip saddr @s drop; }; chain other { accept; }; }',
        );
        const made = now();
        t.deepEqual(told(first), [
          '+ chain inet guard forwarded base',
          '+ chain inet guard other',
          '+ rule inet guard forwarded',
          '+ rule inet guard other',
          '+ set inet guard',
          '+ table inet guard',
        ]);
        nft('add element inet guard s { 1.2.3.4, 1.2.3.5 }');
        t.deepEqual(told(made), ['+ element inet guard']);
        const filled = now();
        namespace.runSync(['iptables-nft', '-N', 'DOCKER-USER']);
        namespace.runSync(['iptables-nft', '-A', 'DOCKER-USER', '-j', 'RETURN']);
        t.true(told(filled)?.includes('+ rule ip filter DOCKER-USER'));
        const accepted = now();
        namespace.runSync(['iptables-nft', '-F', 'DOCKER-USER']);
        nft('delete table inet guard');
        const last = told(accepted);
        t.true(last?.includes('- rule ip filter DOCKER-USER'));
        t.true(last?.includes('- table inet guard'));
        t.is(told(first - 1), undefined, 'from before it was watched');
        t.is(told(accepted, now() + 1), undefined, 'not there yet');
        // More than is remembered.
        const script = Array.from({ length: 150 }, (_, index) => `nft add table ip t${index}`).join('\n');
        namespace.runSync(['sh', '-c', script]);
        t.is(told(accepted), undefined);
        t.deepEqual(told(now() - 1), ['+ table ip t149']);
      } finally {
        watch.close();
        generation.close();
        await poller.close();
        namespace.delete();
      }
    },
  );

  test.serial('the generation of nftables changes with every commit, and with nothing else', (t) => {
    const namespace = Namespace.create('gen');
    const generation = new NftablesGeneration(namespace.path);
    try {
      const first = generation.current();
      t.true(first !== undefined);
      t.is(generation.current(), first);
      namespace.runSync(['nft', 'list', 'ruleset']);
      namespace.runSync(['ip', 'route', 'add', 'unreachable', '10.76.0.0/16']);
      t.is(generation.current(), first);
      namespace.runSync(['nft', 'add', 'table', 'ip', 'somebody']);
      const second = generation.current();
      t.not(second, first);
      namespace.runSync(['iptables-nft', '-N', 'DOCKER-USER']);
      t.not(generation.current(), second);
    } finally {
      generation.close();
      namespace.delete();
    }
  });

  test.serial('a socket stays in the namespace that it was opened in, and the thread returns to its own', async (t) => {
    const namespace = Namespace.create('place');
    const poller = new Poller();
    try {
      namespace.runSync(['ip', 'link', 'add', 'here0', 'type', 'veth', 'peer', 'name', 'here1']);
      const inside = openLinuxRouteKernel({ poller, namespace: namespace.path });
      const outside = openLinuxRouteKernel({ poller });
      const names = async (kernel: typeof inside) => (await kernel.links()).map(({ name }) => name);
      t.true((await names(inside)).includes('here0'));
      t.false((await names(outside)).includes('here0'));
      t.throws(
        () =>
          inNamespace(namespace.path, () => {
            throw new Error('inside');
          }),
        { message: 'inside' },
      );
      const again = openLinuxRouteKernel({ poller });
      t.false((await names(again)).includes('here0'));
      t.throws(() => openLinuxRouteKernel({ poller, namespace: '/run/netns/xnet-none' }), { message: /ENOENT/ });
      for (const kernel of [inside, outside, again]) kernel.close();
    } finally {
      await poller.close();
      namespace.delete();
    }
  });

  test.serial('without CAP_NET_ADMIN the error names the missing capability', async (t) => {
    const script = `
      import { openLinuxRouteKernel } from ${JSON.stringify(compiled('node/kernel/linux-route-kernel.js'))};
      import { Poller } from ${JSON.stringify(compiled('node/kernel/poller.js'))};
      try { openLinuxRouteKernel({ poller: new Poller() }); } catch (error) { console.log(error.code, error.hint); }`;
    const child = spawn(
      'setpriv',
      [
        '--bounding-set=-net_admin',
        '--inh-caps=-net_admin',
        '--reuid=0',
        '--clear-groups',
        process.execPath,
        '--input-type=module',
        '-e',
        script,
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    t.is(printed.trim(), 'FailedPrecondition it needs CAP_NET_ADMIN');
  });
}

test('a process that watches ends when it exits, throws or closes', async (t) => {
  const script = (end: string) => `
    import { Poller } from ${JSON.stringify(compiled('node/kernel/poller.js'))};
    import { openNetlink } from ${JSON.stringify(compiled('proto/process/syscall.js'))};
    const poller = new Poller();
    poller.add(openNetlink(0).fd, () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20)); // the wait has begun
    ${end}`;
  for (const [end, expected] of [
    ['process.exit(7);', 7],
    ['await poller.close();', 0],
    ["throw new Error('as expected');", 1],
  ] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(end)], { stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    t.is(code, expected, end);
  }
});

test('an exclusive lock is held by one open file, until it is closed', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'xnet-lock-'));
  try {
    const open = () => openSync(join(directory, 'lock'), 'w');
    const [first, second] = [open(), open()];
    t.true(tryLock(first));
    t.true(tryLock(first));
    t.false(tryLock(second));
    closeSync(first);
    t.true(tryLock(second));
    closeSync(second);
    t.throws(() => tryLock(second), { instanceOf: SyscallError, code: 'EBADF' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('an option that the kernel does not know is distinguished from other failures', (t) => {
  const { fd } = openNetlink(0);
  t.false(setNetlinkOption(fd, 'addMembership', 9999));
  closeSync(fd);
  t.throws(() => setNetlinkOption(fd, 'extAck', 1), { code: 'EBADF' });
  t.throws(() => openNetlink(99), { code: 'EPROTONOSUPPORT' });
});
