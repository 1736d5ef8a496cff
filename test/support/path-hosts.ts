// Two hosts with a container each, on one link, in network namespaces of the real kernel, and what their daemons answer to
// questions about a path. No Docker and no daemon runs: the containers are namespaces, which a fake engine lists.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { PathEnd } from '../../cli/diagnosis/examination.js';
import type { Ask } from '../../cli/diagnosis/examine.js';
import { type ExamineOptions, examine } from '../../cli/diagnosis/examine.js';
import type { PathVerdict } from '../../cli/diagnosis/reasons.js';
import { verdictOf } from '../../cli/diagnosis/verdict.js';
import { Namespace } from '../../deploy/lab/namespace.js';
import { answerTo } from '../../node/diagnosis/answers.js';
import type { LookedAt } from '../../node/diagnosis/looked-at.js';
import { Traces } from '../../node/diagnosis/trace.js';
import type { ContainerProcess, EngineContainer } from '../../node/docker/engine/engine.js';
import { defaultMark } from '../../node/firewall/desired.js';
import { openIcmp } from '../../node/kernel/icmp.js';
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { LinuxLookup } from '../../node/kernel/lookup.js';
import { KernelMirror } from '../../node/kernel/mirror.js';
import type { Poller } from '../../node/kernel/poller.js';
import { formatIpv4, prefixKey } from '../../proto/domain/address.js';
import { PrefixMap } from '../../proto/domain/prefix-map.js';
import { XnetError } from '../../proto/errors.js';
import type { Findings__Output } from '../../proto/gen/xnet/v1/Findings.js';
import type { Question__Output } from '../../proto/gen/xnet/v1/Question.js';
import { type Exec, execThrough } from '../../proto/process/exec.js';
import { services } from '../../proto/rpc/definitions.js';
import { procThrough } from './firewall-host.js';
import type { OddContainer, PathPlace, PathSite } from './path-fixtures.js';
import { ip, prefix } from './route-fixtures.js';

const pool = prefix('10.76.0.0/16');
const settings = 'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0';

type Listed = { readonly address?: string; readonly running?: boolean; readonly process?: Partial<ContainerProcess> };

const oddContainers = (index: number): Readonly<Record<OddContainer, Listed>> => ({
  stopped: { running: false },
  onHostNetwork: { process: { networkMode: 'host' } },
  withoutNetwork: { process: { networkMode: 'none' } },
  notRouted: { address: '172.18.0.2' },
  gone: { address: `10.76.${index}.2`, process: { pid: 4_194_303 } },
});

/** PathHost is one of the hosts. Host 0 is "h0": 192.168.83.10, docker0 on 10.76.0.0/24, its container api on 10.76.0.2. */
export class PathHost implements PathPlace {
  readonly namespace = Namespace.create('path');
  readonly container = Namespace.create('path');
  readonly name: string;
  readonly address: string;
  readonly subnet: string;
  readonly api: PathPlace['api'];
  readonly twinId = 'twin';
  readonly containers: EngineContainer[] = [];
  readonly processes = new Map<string, ContainerProcess>();
  readonly place: LookedAt;
  // Why it can't be asked.
  #away = '';
  #hasNft = true;
  #hasDocker = true;
  readonly #odd: ReturnType<typeof oddContainers>;
  readonly #kernel: ReturnType<typeof openLinuxRouteKernel>;
  readonly #lookup = new LinuxLookup(this.namespace.path);
  readonly #sleep: ChildProcess;

  constructor(poller: Poller, index: number, peer: number) {
    this.#kernel = openLinuxRouteKernel({ poller, namespace: this.namespace.path });
    this.name = `h${index}`;
    this.address = `192.168.83.1${index}`;
    this.subnet = `10.76.${index}.0/24`;
    this.api = { name: 'api', address: `10.76.${index}.2` };
    this.#odd = oddContainers(index);
    this.container.ipBatch(['link set lo up']);
    this.namespace.ipBatch([
      'link set lo up',
      'link add docker0 type bridge',
      `address add 10.76.${index}.1/24 dev docker0`,
      'link set docker0 up',
      `link add veth0 type veth peer name eth0 netns ${this.container.name}`,
      'link set veth0 master docker0 up',
    ]);
    this.container.ipBatch([
      `address add 10.76.${index}.2/24 dev eth0`,
      'link set eth0 up',
      `route add default via 10.76.${index}.1`,
    ]);
    const [program = '', ...rest] = this.container.enter;
    this.#sleep = spawn(program, [...rest, 'sleep', 'infinity'], { stdio: 'ignore' });
    this.#list('api', { address: this.api.address });
    this.namespace.runSync(['sh', '-ec', settings]);
    const mirror = new KernelMirror({ kernel: this.#kernel, protocol: 88 });
    mirror.setRanges([pool]);
    const inside = execThrough(this.namespace.enter);
    const exec: Exec = async (argv, options) =>
      this.#hasNft ? inside(argv, options) : { code: 127, stdout: '', stderr: 'nsenter: failed to execute nft' };
    const route = { subnet: prefix(`10.76.${peer}.0/24`), nextHop: ip(`192.168.83.1${peer}`), nodeName: `h${peer}` };
    const table = { routes: PrefixMap.from([[prefixKey(route.subnet), route]]) };
    const linkOf = (name: string) => [...mirror.links.values()].find((link) => link.name === name);
    this.place = {
      mirror,
      lookup: this.#lookup,
      proc: procThrough(inside),
      engine: {
        containers: async () => {
          if (!this.#hasDocker) throw new XnetError('Unavailable', 'nothing answers');
          return this.containers;
        },
        process: async (id) => this.processes.get(id),
      },
      openIcmp: (source, namespace, identifier) =>
        openIcmp(poller, source, namespace ?? this.namespace.path, identifier),
      traces: new Traces({
        exec,
        namespace: this.namespace.path,
        nameOf: (ifindex) => mirror.links.get(ifindex)?.name ?? '',
      }),
      underlay: () => ({ ifname: 'eth0', ifindex: linkOf('eth0')?.ifindex ?? 0, address: ip(this.address) }),
      own: () => [{ subnet: prefix(this.subnet), bridge: 'docker0' }],
      inLan: () => [],
      table: () => table,
      mark: defaultMark,
    };
  }

  async addContainer(name: string, kind: OddContainer): Promise<void> {
    this.#list(name, this.#odd[kind]);
  }

  // Each runs in the host's one container namespace, unless `process` says otherwise.
  #list(name: string, { address, running = true, process = {} }: Listed): void {
    const id = `${name}${'0'.repeat(12)}`;
    this.containers.push({
      id,
      name,
      running,
      swarmTask: false,
      networks: address === undefined ? [] : [{ name: 'bridge', id: 'b0', address: ip(address) }],
    });
    this.processes.set(id, { pid: this.#sleep.pid ?? 0, startedAt: '', networkMode: 'bridge', ...process });
  }

  async removeContainer(name: string): Promise<void> {
    const index = this.containers.findIndex((container) => container.name === name);
    if (index >= 0) this.containers.splice(index, 1);
  }

  async addTwins(): Promise<void> {
    this.#list('twin-a', {});
    this.#list('twin-b', {});
  }

  async stopDocker(): Promise<void> {
    this.#hasDocker = false;
  }

  async startDocker(): Promise<void> {
    this.#hasDocker = true;
  }

  async stopDaemon(): Promise<void> {
    this.#away = 'its daemon is not connected';
  }

  async startDaemon(): Promise<void> {
    this.#away = '';
  }

  async breakNft(): Promise<void> {
    this.#hasNft = false;
  }

  async repairNft(): Promise<void> {
    this.#hasNft = true;
  }

  sh(line: string): Promise<string> {
    return this.namespace.run(['sh', '-ec', line]);
  }

  inApi(argv: readonly [string, ...string[]]): Promise<string> {
    return this.container.run(argv);
  }

  /** ask is what its daemon answers, after the way over the wire. */
  async ask(question: Question__Output): Promise<Findings__Output> {
    if (this.#away !== '') throw new XnetError('FailedPrecondition', this.#away);
    const { AnswerLook: call } = services.look.service;
    const findings = await answerTo(this.place, question);
    return call.requestDeserialize(call.requestSerialize({ id: '1', findings })).findings as Findings__Output;
  }

  async close(): Promise<void> {
    this.#sleep.kill('SIGKILL');
    if (this.#sleep.exitCode === null && this.#sleep.signalCode === null) await once(this.#sleep, 'exit');
    this.#lookup.close();
    this.#kernel.close();
    this.container.delete();
    this.namespace.delete();
  }
}

/** PathHosts are the two hosts, each with a route to the other. */
export class PathHosts implements PathSite {
  readonly h0: PathHost;
  readonly h1: PathHost;

  /** @param poller one for all: each occupies a thread of libuv's pool */
  constructor(poller: Poller) {
    this.h0 = new PathHost(poller, 0, 1);
    this.h1 = new PathHost(poller, 1, 0);
    this.h0.namespace.ipBatch([`link add eth0 type veth peer name eth0 netns ${this.h1.namespace.name}`]);
    for (const host of [this.h0, this.h1]) {
      host.namespace.ipBatch([`address add ${host.address}/24 dev eth0`, 'link set eth0 up']);
    }
    this.h0.namespace.ipBatch(['route add 10.76.1.0/24 via 192.168.83.11 proto 88']);
    this.h1.namespace.ipBatch(['route add 10.76.0.0/24 via 192.168.83.10 proto 88']);
  }

  /** route makes the routes as the daemons do. */
  async route(): Promise<void> {
    await this.h0.sh('ip route replace 10.76.1.0/24 via 192.168.83.11 proto 88');
    await this.h1.sh('ip route replace 10.76.0.0/24 via 192.168.83.10 proto 88');
  }

  /** end is an end as a controller finds it: "h1", "h1/api", "10.76.1.77". */
  end(text: string): PathEnd {
    const host = [this.h0, this.h1].find(
      ({ name, subnet }) => text.startsWith(name) || text.startsWith(subnet.slice(0, 8)),
    );
    if (host === undefined) throw new TypeError(text);
    const [name = '', container = ''] = text.split('/');
    const address = name === host.name ? formatIpv4(ip(host.subnet.replace('.0/24', '.1'))) : name;
    return {
      node: host.name,
      nodeAddress: host.address,
      container,
      address: container === '' ? address : '',
      subnet: container === '' ? host.subnet : '',
      connected: true,
      static: false,
    };
  }

  /** ask asks a host. */
  readonly ask: Ask = (node, question) => {
    const { LookAtNode: call } = services.diagnosis.service;
    const sent = call.requestDeserialize(call.requestSerialize({ node, question })).question as Question__Output;
    return (node === 'h0' ? this.h0 : this.h1).ask(sent);
  };

  /** verdict examines a path and decides. */
  async verdict(source: string, target: string, options: Partial<ExamineOptions> = {}): Promise<PathVerdict> {
    const ends = { source: this.end(source), target: this.end(target) };
    const identifier = 1 + Math.floor(Math.random() * 0xfffe);
    return verdictOf(await examine(this.ask, ends, { count: 1, identifier, ...options }));
  }

  async close(): Promise<void> {
    await Promise.all([this.h0.close(), this.h1.close()]);
  }
}
