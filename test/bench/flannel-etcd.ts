// The etcd of flannel in a lab: the network's configuration and the leases, written as flanneld writes them.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';
import type { Lab } from '../../deploy/lab/lab.js';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import { pollUntil } from '../../deploy/lab/poll.js';

const port = 2379;
// etcd wants the name of a socket to look like a host and a port.
const socket = 'client:0';
const prefix = '/coreos.com/network';
// flanneld's: 24 hours.
const leaseSeconds = 86_400;

function keyOf(subnet: string): Buffer {
  return Buffer.from(`${prefix}/subnets/${subnet.replace('/', '-')}`);
}

/** FlannelEtcd is such an etcd on the control machine. Close it. */
export class FlannelEtcd {
  /** "http://192.168.83.250:2379" */
  readonly endpoint: string;
  readonly #process: LabProcess;
  readonly #client: Etcd3;

  private constructor(endpoint: string, process: LabProcess, client: Etcd3) {
    this.endpoint = endpoint;
    this.#process = process;
    this.#client = client;
  }

  /** start starts it, empty but for the configuration of `network`, "10.97.0.0/16", in subnets of /24. */
  static async start({ control }: Lab, network: string): Promise<FlannelEtcd> {
    const endpoint = `http://${control.address}:${port}`;
    const peer = `http://${control.address}:${port + 1}`;
    const folder = join(control.folder, 'run/flannel-etcd');
    const data = join(control.store, 'flannel-etcd');
    mkdirSync(folder, { recursive: true });
    rmSync(join(folder, socket), { force: true });
    rmSync(data, { recursive: true, force: true });
    const process = await control.spawn(
      [
        ...(['env', '--chdir=/run/flannel-etcd', 'etcd', '--name', 'flannel', '--data-dir', data] as const),
        ...['--listen-client-urls', `${endpoint},unix://${socket}`, '--advertise-client-urls', endpoint],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `flannel=${peer}`],
        ...['--quota-backend-bytes', String(2 * 1024 ** 3), '--logger', 'zap', '--log-level', 'warn'],
      ],
      { logFile: join(control.logs, 'flannel-etcd.log') },
    );
    const client = new Etcd3({ hosts: `unix:${join(folder, socket)}` });
    const etcd = new FlannelEtcd(endpoint, process, client);
    const config = { Network: network, SubnetLen: 24, Backend: { Type: 'host-gw' } };
    const put = () => client.put(`${prefix}/config`).value(JSON.stringify(config));
    await pollUntil('the etcd of flannel answers', () => put().then(() => true), { problems: () => [process.output] });
    return etcd;
  }

  /** grant makes a lease for leases of subnets, which lasts longer than a benchmark. */
  async grant(): Promise<string> {
    return (await this.#client.leaseClient.leaseGrant({ TTL: leaseSeconds })).ID;
  }

  /** add leases a subnet, "10.97.250.0/24", to a host: the last thing that a flanneld does before all others know it. */
  async add(subnet: string, address: string, lease?: string): Promise<void> {
    const key = keyOf(subnet);
    const value = Buffer.from(JSON.stringify({ PublicIP: address, PublicIPv6: null, BackendType: 'host-gw' }));
    const { succeeded } = await this.#client.kv.txn({
      compare: [{ key, target: 'Version', result: 'Equal', version: '0' }],
      success: [{ request_put: { key, value, lease: lease ?? (await this.grant()) } }],
      failure: [],
    });
    if (!succeeded) throw new Error(`the subnet ${subnet} of flannel is taken`);
  }

  /** remove ends the lease of a subnet. */
  async remove(subnet: string): Promise<void> {
    await this.#client.kv.deleteRange({ key: keyOf(subnet) });
  }

  /** close ends it. */
  async close(): Promise<void> {
    this.#client.close();
    await this.#process.stop();
  }
}
