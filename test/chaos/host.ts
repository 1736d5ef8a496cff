// A host of a run: a real xnetd on a machine without Docker. Docker is simulated: a bridge docker0 with the lease's
// gateway address, a container behind it, and forward rules that drop what no rule accepts.
// Invariant: one operation on a host at a time, in the order of the plan; what the operator put there before stays as it is.
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import type { Machine } from '../../deploy/lab/machine.js';
import { programCommand } from '../../deploy/lab/programs.js';
import type { ExecResult } from '../../proto/process/exec.js';
import { ChaosContainer } from './container.js';
import { secondBridge } from './site.js';

const ethernet = 'eth0';
const dockerBridge = 'docker0';
// One run of xnetd join, which may wait for a controller that is stopped.
const runLimitMs = 120_000;

const operatorTable = `table inet operator {
  chain in {
    type filter hook input priority 10;
    tcp dport 9 drop
  }
}
`;

/** ChaosHost is one host. */
export class ChaosHost {
  readonly number: number;
  readonly name: string;
  readonly machine: Machine;
  /** The node address at present: "192.168.83.11". */
  address: string;
  /** Number of addresses it had before. */
  moves = 0;
  /** Whether it has joined and not begun to leave. */
  isMember = false;
  /** Whether a fault has killed the daemon: it is started when that ends. */
  isHeldDown = false;
  /** One in each lease. */
  readonly containers: ChaosContainer[] = [];
  daemon: LabProcess | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #starting: Promise<void> | undefined;

  constructor(number: number, machine: Machine) {
    this.number = number;
    this.name = machine.name;
    this.machine = machine;
    this.address = machine.address;
  }

  /** prepare makes what is on the host before xnet: Docker's forward rules, and things of its operator. */
  async prepare(): Promise<void> {
    this.machine.namespace.ipBatch([
      'link add operator0 type bridge',
      'address add 198.51.100.1/24 dev operator0',
      'link set operator0 up',
      'route add 203.0.113.64/26 via 198.51.100.7 dev operator0 proto static metric 50',
      'rule add pref 20000 from 198.51.100.7 lookup 100',
    ]);
    await this.machine.run(['nft', '-f', '-'], {
      input: operatorTable,
    });
    for (const rule of [
      '-P FORWARD DROP',
      '-N DOCKER-USER',
      '-A FORWARD -j DOCKER-USER',
      ...[dockerBridge, secondBridge].flatMap((bridge) => [
        `-A FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
        `-A FORWARD -i ${bridge} ! -o ${bridge} -j ACCEPT`,
      ]),
      '-A INPUT -s 198.51.100.99/32 -j DROP',
    ]) {
      await this.machine.run(['iptables', '-w', ...rule.split(' ')]);
    }
    await this.machine.run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
  }

  /** inTurn runs work after everything that was queued before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** idle resolves when nothing is queued. */
  idle(): Promise<unknown> {
    return this.#queue;
  }

  /** xnetd runs a command of xnetd: xnetd(['leave', '--force']). */
  xnetd(args: readonly string[], input = ''): Promise<ExecResult> {
    return this.machine.exec([...programCommand('xnetd'), ...args], { input, timeoutMs: runLimitMs });
  }

  /** startDaemon starts the daemon unless it runs or a fault holds it down. */
  async startDaemon(): Promise<void> {
    if (this.isHeldDown || this.daemon?.running === true) return;
    // The end of a fault and an operation may both start it.
    this.#starting ??= this.#spawnDaemon().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  async #spawnDaemon(): Promise<void> {
    const { machine } = this;
    this.daemon = await machine.spawn([...programCommand('xnetd'), 'run'], { logFile: `${machine.logs}/xnetd.log` });
  }

  /** killDaemon kills the daemon and waits until it is gone. */
  async killDaemon(): Promise<void> {
    this.daemon?.kill('SIGKILL');
    await this.daemon?.exited;
  }

  /** addContainer makes a container in a lease, whose bridge is docker0 for the first one: "10.76.3.0/24". */
  addContainer(subnet: string, bridge = dockerBridge): ChaosContainer {
    const container = new ChaosContainer(this.machine, { subnet, bridge });
    this.containers.push(container);
    return container;
  }

  /** removeContainers removes all containers. */
  removeContainers(): void {
    for (const container of this.containers.splice(0)) container.remove();
  }

  /** addAddress gives the host another address on the LAN and returns it. */
  addAddress(): string {
    this.moves += 1;
    // Machines have addresses up to .66, except for the two from .250 on. Twelve addresses for each of at most twelve
    // hosts.
    const address = `192.168.83.${80 + (this.number - 1) * 12 + (this.moves % 12)}`;
    this.machine.namespace.ipBatch([`address add ${address}/24 dev ${ethernet}`]);
    return address;
  }

  /** removeAddress removes an address from the host. */
  removeAddress(address: string): void {
    this.machine.namespace.ipBatch([`address del ${address}/24 dev ${ethernet}`]);
  }

  /** foreign returns everything on the host that is not xnet's nor the container's, as text. */
  async foreign(): Promise<string> {
    const show = async (...argv: [string, ...string[]]) => (await this.machine.run(argv)).trimEnd();
    const routes = (await show('ip', '-4', 'route', 'show', 'table', 'all')).split('\n');
    const rules = (await show('iptables-save')).split('\n');
    return [
      ...routes.filter((line) => /operator0/.test(line)),
      ...(await show('ip', 'rule')).split('\n'),
      await show('nft', '--stateless', 'list', 'table', 'inet', 'operator'),
      ...rules.filter((line) => /^-[AP]|^:FORWARD/.test(line) && !/xnet/.test(line)).map(withoutCounters),
    ].join('\n');
  }

  close(): void {
    for (const container of this.containers.splice(0)) container.dispose();
  }
}

function withoutCounters(line: string): string {
  return line.replace(/ \[\d+:\d+\]$/, '');
}
