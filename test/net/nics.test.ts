// Nics on the real kernel: pairs between the namespace of a host and those of containers, which answer by the interface
// that the request came in on.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { Namespace } from '../../deploy/lab/namespace.js';
import type { EngineContainer } from '../../node/docker/engine/engine.js';
import { VethKernel } from '../../node/kernel/veth-kernel.js';
import type { NewVeth } from '../../node/kernel/veth-messages.js';
import { Nics } from '../../node/nics/nics.js';
import { endName, macOf } from '../../node/nics/plan.js';
import type { Lease } from '../../proto/domain/network.js';
import type { Nic } from '../../proto/domain/nic.js';
import { isRoot } from '../support/linux-route-host.js';
import { address, prefix } from '../support/pools.js';
import { until } from '../support/until.js';

const lease: Lease = {
  ...{ pool: 'default', subnet: prefix('10.76.3.0/24'), generation: 1, mode: 'bip', dockerLength: 25 },
  ...{ networkName: 'xnet', bridgeName: 'xnet0', state: 'in force' },
};
const nic = { address: address('10.76.3.128'), container: 'db', interfaceName: 'nic0' };
const pools = [prefix('10.76.0.0/16')];
const { signal } = new AbortController();

// A container: a process with its own network namespace, as Docker makes it.
class Box {
  readonly #child = spawn('unshare', ['--net', 'sleep', '100000'], { stdio: 'ignore' });
  readonly namespace: string;

  constructor() {
    this.namespace = `/proc/${this.pid}/ns/net`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** started waits until the process is in its own namespace. */
  async started(): Promise<this> {
    const own = readlinkSync('/proc/self/ns/net');
    await until('the namespace', async () => readlinkSync(this.namespace) !== own && comm(this.pid) === 'sleep');
    return this;
  }

  ip(...args: readonly string[]): string {
    return execFileSync('nsenter', [`--net=${this.namespace}`, 'ip', ...args], { encoding: 'utf8' });
  }

  set(key: string, value: string): void {
    execFileSync('nsenter', [`--net=${this.namespace}`, 'sysctl', '-qw', `${key}=${value}`]);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}

function comm(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

async function scene(t: ExecutionContext) {
  const host = Namespace.create('nics');
  const peer = Namespace.create('nics-peer');
  const boxes: Box[] = [];
  t.teardown(async () => {
    await Promise.all(boxes.map((box) => box.kill()));
    host.delete();
    peer.delete();
  });
  const ip = (...args: readonly string[]) => host.runSync(['ip', ...args]);
  host.ipBatch([
    'link add docker0 type bridge',
    'link add br1 type bridge',
    'link set docker0 up',
    'link set br1 up',
    'address add 10.76.3.1/24 dev docker0',
    'address add 172.18.0.1/16 dev br1',
    `link add eth0 type veth peer name eth0 netns ${peer.name}`,
    'link set eth0 up',
    'address add 192.168.80.1/24 dev eth0',
    'route add 10.76.5.0/24 via 192.168.80.2',
  ]);
  host.runSync(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  peer.ipBatch([
    'link set eth0 up',
    'address add 192.168.80.2/24 dev eth0',
    'address add 10.76.5.7/32 dev lo',
    'route add 10.76.3.0/24 via 192.168.80.1',
  ]);
  const running = new Map<string, Box>();
  const listed: EngineContainer[] = [];
  // A container named `name`, its id 64 digits, with an eth0 on one of the bridges.
  const start = async (name: string, bridge: string, cidr: string, gateway: string) => {
    const box = await new Box().started();
    boxes.push(box);
    const id = Buffer.from(`${name}-${box.pid}`).toString('hex').padEnd(64, '0');
    running.set(id, box);
    const own = { name: bridge, id: bridge, address: address(cidr.replace(/\/.*/, '')) };
    listed.splice(0, listed.length, ...listed.filter((each) => each.name !== name));
    listed.push({ id, name, running: true, swarmTask: false, networks: [own] });
    const port = `v${box.pid}`;
    ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(box.pid));
    ip('link', 'set', port, 'master', bridge, 'up');
    box.ip('link', 'set', 'lo', 'up');
    box.ip('address', 'add', cidr, 'dev', 'eth0');
    box.ip('link', 'set', 'eth0', 'up');
    box.ip('route', 'add', 'default', 'via', gateway);
    return box;
  };
  const kernel = new VethKernel(host.path);
  const engine = {
    containers: async () => listed,
    networks: async () => [],
    process: async (id: string) => {
      const box = running.get(id);
      return box === undefined || !existsSync(`/proc/${box.pid}`)
        ? undefined
        : { pid: box.pid, startedAt: id, networkMode: 'bridge' };
    },
  };
  const nics = new Nics({ engine, kernel });
  const converge = (all: readonly Nic[] | undefined = [nic]) =>
    nics.converge({ nics: all, leases: [lease], pools }, signal);
  // Whether packets of a container of another host come back, from the address that they were sent to.
  const answers = async (to: string) => {
    const run = peer.run(['ping', '-c', '2', '-i', '0.2', '-W', '5', '-I', '10.76.5.7', to]);
    return run.then(() => true).catch(() => false);
  };
  const links = async () => (await kernel.links()).map(({ name }) => name);
  return { host, ip, kernel, running, listed, start, nics, converge, answers, links };
}

const web = { address: address('10.76.3.129'), container: 'web', interfaceName: 'nic0' };
const reasons = ({ findings }: { readonly findings: readonly { readonly reason: string }[] }) =>
  findings.map(({ reason }) => reason);

if (isRoot('nics on the real kernel')) {
  test.serial(
    'a nic answers other hosts with its own address, whatever network Docker gave the container',
    async (t) => {
      const { start, nics, converge, answers, links } = await scene(t);
      const db = await start('db', 'br1', '172.18.0.2/16', '172.18.0.1');
      // On the same bridge as its nic, where both interfaces receive the same ARP requests, and with a strict source
      // filter.
      const other = await start('web', 'docker0', '10.76.3.2/24', '10.76.3.1');
      other.set('net.ipv4.conf.all.rp_filter', '1');
      t.like(await converge([nic, web]), { findings: [], changes: 2 });
      t.true(await answers('10.76.3.128'));
      t.true(await answers('10.76.3.129'));
      t.true(await answers('10.76.3.2'));
      t.regex(db.ip('route', 'get', '10.76.5.7'), /via 10\.76\.3\.1 dev nic0 src 10\.76\.3\.128/);
      t.regex(db.ip('route', 'get', '8.8.8.8'), /via 172\.18\.0\.1 dev eth0/);
      t.regex(
        other.ip('route', 'get', '10.76.5.7'),
        /via 10\.76\.3\.1 dev eth0 src 10\.76\.3\.2/,
        'it has an address already',
      );
      t.regex(
        db.ip('link', 'show', 'nic0'),
        new RegExp(
          macOf(nic.address)
            .toString('hex')
            .replace(/..(?!$)/g, '$&:'),
        ),
      );
      t.deepEqual(
        nics.uses.map(({ reason }) => reason),
        ['Ready', 'Ready'],
      );
      t.is((await converge([nic, web])).changes, 0, 'nothing is left to do');
      // A controller that does not know nics sends none.
      t.like(await nics.converge({ nics: undefined, leases: [lease], pools }, signal), { changes: 0 });
      t.true((await links()).includes(endName(nic.address)));

      t.like(await converge([web]), { findings: [], changes: 1 });
      t.false((await links()).includes(endName(nic.address)));
      t.notRegex(db.ip('rule'), /10\.76\.3\.128/);
      t.notRegex(db.ip('route', 'show', 'table', 'all'), /10\.76/);
      t.like(await nics.remove(signal), { changes: 1 });
      t.false((await links()).some((name) => name.startsWith('xn')));
    },
  );

  test.serial('nics that are half made, damaged or restarted are repaired, and foreign interfaces stay', async (t) => {
    const { ip, host, kernel, running, listed, start, nics, converge, answers, links } = await scene(t);
    t.deepEqual(reasons(await converge()), ['ContainerNotFound']);
    const first = await start('db', 'br1', '172.18.0.2/16', '172.18.0.1');
    // xnetd was killed when it had made the pair.
    const made = (box: Box): NewVeth => ({
      name: endName(nic.address),
      mtu: 1500,
      peer: { name: 'nic0', mac: macOf(nic.address), namespaceFd: openSync(box.namespace, 'r') },
    });
    const veth = made(first);
    await kernel.change([{ op: 'make', veth }]);
    closeSync(veth.peer.namespaceFd);
    t.deepEqual(reasons(await converge()), []);
    t.true(await answers('10.76.3.128'));
    // An operator's changes, in the container and on the host.
    first.ip('address', 'flush', 'dev', 'nic0');
    first.ip('link', 'set', 'nic0', 'down');
    first.ip('rule', 'flush', 'table', String(nic.address));
    ip('link', 'set', endName(nic.address), 'nomaster');
    t.true((await converge()).changes > 0);
    t.true(await answers('10.76.3.128'));
    first.ip('link', 'delete', 'nic0');
    await converge();
    t.true(await answers('10.76.3.128'));
    // Docker makes its bridge anew.
    ip('link', 'delete', 'docker0');
    t.deepEqual(reasons(await converge()), ['BridgeGone']);
    host.ipBatch(['link add docker0 type bridge', 'link set docker0 up', 'address add 10.76.3.1/24 dev docker0']);
    t.deepEqual(reasons(await converge()), []);
    t.true(await answers('10.76.3.128'));

    // The container ends: the kernel deletes the pair with its namespace. After a new start it has the nic again.
    await first.kill();
    await until('the pair is gone', async () => !(await links()).includes(endName(nic.address)));
    t.deepEqual(reasons(await converge()), ['ContainerNotRunning']);
    const second = await start('db', 'br1', '172.18.0.2/16', '172.18.0.1');
    t.deepEqual(reasons(await converge()), []);
    t.true(await answers('10.76.3.128'));
    // Recreated by compose, while a process keeps the namespace of the former container.
    const third = await start('db', 'br1', '172.18.0.3/16', '172.18.0.1');
    t.deepEqual(reasons(await converge()), []);
    t.notRegex(second.ip('link'), /nic0/);
    t.regex(third.ip('address', 'show', 'nic0'), /10\.76\.3\.128\/24/);
    t.is((await converge()).changes, 0);
    // Given to another container that does not run yet: the former one does not keep the address.
    t.deepEqual(reasons(await converge([{ ...nic, container: 'cache' }])), ['ContainerNotFound']);
    t.notRegex(third.ip('address'), /10\.76\.3\.128/);
    t.notRegex(third.ip('rule'), /10\.76\.3\.128/);
    t.deepEqual(reasons(await converge()), []);
    t.like(await nics.attached(), [{ address: nic.address }]);

    // Names and addresses that are in use.
    third.ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1');
    t.deepEqual(reasons(await converge([nic, { ...web, container: 'db', interfaceName: 'lan0' }])), [
      'InterfaceNameTaken',
    ]);
    ip('link', 'add', endName(web.address), 'type', 'veth', 'peer', 'name', 'mine');
    ip('link', 'set', endName(web.address), 'alias', 'mine');
    t.deepEqual(reasons(await converge([nic, { ...web, container: 'db' }])), ['InterfaceTaken']);
    t.deepEqual(reasons(await converge([])), []);
    t.true((await links()).includes(endName(web.address)), 'it is not ours');
    t.regex(third.ip('link', 'show', 'lan0'), /lan0/);
    ip('link', 'delete', endName(web.address));
    const [container] = listed;
    if (container === undefined) return t.fail();
    listed.push({
      ...container,
      id: 'f'.repeat(64),
      name: 'taker',
      networks: [{ name: 'x', id: 'x', address: nic.address }],
    });
    t.deepEqual(reasons(await converge()), ['AddressInUse']);
    listed.pop();
    // A container with the host's network, and one whose process id belongs to another process by now.
    const { process: processOf } = globalThis;
    const own = { pid: processOf.pid } as Box;
    running.set(container.id, own);
    t.deepEqual(reasons(await converge()), ['HostNetwork']);
    t.deepEqual(await nics.attached(), []);
    const ids = [third.pid, processOf.pid];
    const swapped = new Nics({
      engine: {
        containers: async () => listed,
        networks: async () => [],
        process: async () => ({ pid: ids.shift() ?? 0, startedAt: 'then', networkMode: 'bridge' }),
      },
      kernel,
    });
    t.deepEqual(reasons(await swapped.converge({ nics: [nic], leases: [lease], pools }, signal)), [
      'ContainerNotRunning',
    ]);
    t.false((await links()).includes(endName(nic.address)));
    return undefined;
  });
}
