// BIRD 2 (Debian's bird2) in the same lab, for comparing how quickly a route reaches every kernel: each host runs one
// router, with iBGP through one route reflector on the control machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { LabHost } from '../../deploy/lab/host.js';
import type { Lab } from '../../deploy/lab/lab.js';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import type { Machine } from '../../deploy/lab/machine.js';
import { pause } from '../../proto/process/backoff.js';

// BIRD identifies its routes by protocol number 12 (rtnetlink).
function common(machine: Machine): string {
  return [
    `router id ${machine.address};`,
    'protocol device {}',
    // The on-link prefixes, for resolving next hops.
    'protocol direct { ipv4; interface "eth0"; }',
  ].join('\n');
}

function reflectorConfig(lab: Lab, hosts: readonly LabHost[]): string {
  const clients = hosts.map(
    ({ name, address }) => `protocol bgp c_${name} from routers { neighbor ${address} as 65000; }`,
  );
  return [
    common(lab.control),
    `template bgp routers {
       local ${lab.control.address} as 65000; direct; rr client; passive;
       ipv4 { import all; export where source = RTS_BGP; };
     }`,
    ...clients,
  ].join('\n');
}

function routerConfig(lab: Lab, machine: Machine, subnet: string): string {
  return [
    common(machine),
    'protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }',
    `protocol static added { disabled; ipv4; route ${subnet} blackhole; }`,
    `protocol bgp reflector {
       local ${machine.address} as 65000; neighbor ${lab.control.address} as 65000; direct; connect delay time 1;
       ipv4 { import all; export where source = RTS_STATIC; };
     }`,
  ].join('\n');
}

/** BirdRouters holds routers with all sessions established. Close them. */
export class BirdRouters {
  readonly #processes: LabProcess[] = [];
  readonly #lab: Lab;
  readonly #hosts: readonly LabHost[];
  #control: Socket | undefined;

  private constructor(lab: Lab, hosts: readonly LabHost[]) {
    this.#lab = lab;
    this.#hosts = hosts;
  }

  /** start starts one router on each of these hosts; the first one announces `subnet`. */
  static async start(lab: Lab, hosts: readonly LabHost[], subnet: string): Promise<BirdRouters> {
    const routers = new BirdRouters(lab, hosts);
    await routers.#launch(lab.control, reflectorConfig(lab, hosts));
    for (const host of hosts) await routers.#launch(host, routerConfig(lab, host, subnet));
    await routers.#untilEstablished();
    const [first] = hosts;
    if (first === undefined) throw new Error('there are no hosts');
    routers.#control = await dial(controlSocket(first));
    return routers;
  }

  async #launch(machine: Machine, config: string): Promise<void> {
    mkdirSync(join(machine.folder, 'run'), { recursive: true });
    writeFileSync(join(machine.folder, 'run/bird.conf'), config);
    const argv = ['bird', '-f', '-c', '/run/bird.conf', '-s', '/run/bird.ctl'] as const;
    this.#processes.push(await machine.spawn(argv));
  }

  async #untilEstablished(): Promise<void> {
    for (;;) {
      const { stdout } = await this.#lab.control.exec(['birdc', '-s', '/run/bird.ctl', 'show', 'protocols']);
      if (stdout.split('\n').filter((row) => row.includes('Established')).length === this.#hosts.length) return;
      const ended = this.#processes.find((process) => !process.running);
      if (ended !== undefined) throw new Error(`bird ended: ${ended.output}`);
      await pause(200);
    }
  }

  /** announce makes the first router announce the subnet. The announcement is in transit when this returns. */
  announce(): void {
    this.#control?.write('enable added\n');
  }

  /** withdraw withdraws the subnet. */
  withdraw(): void {
    this.#control?.write('disable added\n');
  }

  /** close ends them. */
  async close(): Promise<void> {
    this.#control?.destroy();
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}

function controlSocket(machine: Machine): string {
  return join(machine.folder, 'run/bird.ctl');
}

async function dial(path: string): Promise<Socket> {
  const socket = connect(path);
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // The replies are not used, but have to be read.
  socket.resume();
  return socket;
}
