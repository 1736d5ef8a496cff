// N real daemons, each alone in the network of a machine of the lab, without Docker, so that they maintain only routes. A
// controller with its own etcd runs on the control machine.
import type { Fleet } from '../../deploy/lab/fleet.js';
import type { LabHost } from '../../deploy/lab/host.js';
import type { Node__Output } from '../../proto/gen/xnet/v1/Node.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { allCpuMsOf } from './process-usage.js';

// The chain as Docker makes it. Without it, xnetd runs the host's programs in every turn to find out where it will be.
const userChain = [
  ['--new-chain', 'DOCKER-USER'],
  ['--append', 'DOCKER-USER', '--jump', 'RETURN'],
  ['--insert', 'FORWARD', '--jump', 'DOCKER-USER'],
] as const;

const callOptions = { timeoutMs: 30_000 };

/** XnetRouters holds daemons that have converged. Close them. */
export class XnetRouters {
  readonly fleet: Fleet;

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  /** start starts the controller and creates the pool, which must have room for all nodes: "10.76.0.0/16". */
  static async start(fleet: Fleet, pool = '10.76.0.0/16'): Promise<XnetRouters> {
    const routers = new XnetRouters(fleet);
    await fleet.startControllers();
    // Mode bridge: in mode bip a daemon would repeatedly try to restart a Docker that does not exist.
    const wanted = { name: 'default', cidr: pool, mode: 'MODE_BRIDGE' } as const;
    await callUnary(fleet.admin.createPool.bind(fleet.admin), wanted, callOptions);
    return routers;
  }

  /** grow starts daemons on these hosts as well, and waits until every daemon has routes to all others. */
  async grow(hosts: readonly LabHost[]): Promise<void> {
    for (const host of hosts) {
      const token = await this.prepare(host);
      await this.fleet.joinHost(host, token);
      await this.fleet.startDaemon(host);
    }
    await this.untilRouted();
  }

  /** prepare adds a host that has not joined yet, and returns the token that it joins with. */
  async prepare(host: LabHost): Promise<string> {
    for (const rule of userChain) await host.run(['iptables', '--wait', ...rule]);
    return (await this.fleet.addNode(host)).token;
  }

  /** add adds a node, with or without a daemon, and returns its subnet and how long the call took in milliseconds. */
  async add(name: string, address: string): Promise<{ readonly subnet: string; readonly tookMs: number }> {
    const { admin } = this.fleet;
    const began = performance.now();
    const { node } = await callUnary(admin.addNode.bind(admin), { name, address }, callOptions);
    return { subnet: node?.subnet ?? '', tookMs: performance.now() - began };
  }

  /** remove removes a node that add added. */
  async remove(name: string): Promise<void> {
    const { admin } = this.fleet;
    await callUnary(admin.removeNode.bind(admin), { node: name, force: true }, callOptions);
  }

  /** untilRouted waits until every daemon has reported routes to all others. */
  async untilRouted(): Promise<void> {
    const hosts = [...this.fleet.daemons.keys()];
    await this.fleet.until(
      'every daemon has routed all others',
      (nodes) => {
        const routed = new Set(nodes.filter((node) => hasRoutes(node, nodes.length - 1)).map(({ name }) => name));
        return hosts.every((name) => routed.has(name));
      },
      300_000,
    );
  }

  /** cpuMs returns the processor time that all daemons have used so far, all threads and programs, in milliseconds. */
  cpuMs(): number {
    return [...this.fleet.daemons.values()].reduce((sum, { pid }) => sum + allCpuMsOf(pid), 0);
  }

  /** close ends the daemons and the controllers; the lab stays. */
  async close(): Promise<void> {
    const { daemons, controllers } = this.fleet;
    await Promise.all([...daemons.values()].map((daemon) => daemon.stop()));
    await Promise.all(controllers.map((controller) => controller.process.stop()));
  }
}

function hasRoutes({ routes }: Node__Output, count: number): boolean {
  return routes !== null && routes.desired >= count && routes.installed >= count;
}
