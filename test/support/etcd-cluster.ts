// A real etcd of three members for a test, optionally with TLS and authentication. Members can be killed, stopped and
// started again individually.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EtcdOptions } from '../../controller/store/etcd-client.js';
import { answers, enableAuthentication, freePort } from './etcd.js';
import { until } from './until.js';

/** EtcdMember is one of the three members. */
export type EtcdMember = {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  child: ChildProcess | undefined;
};

const credentials = { username: 'xnet', password: 'secret' };

/** EtcdCluster is an etcd of three members on loopback ports. */
export class EtcdCluster {
  readonly members: readonly EtcdMember[];
  readonly #dir = mkdtempSync(join(tmpdir(), 'xnet-etcd3-'));
  readonly #secure: boolean;
  readonly #more: readonly string[];

  private constructor(members: readonly EtcdMember[], secure: boolean, more: readonly string[]) {
    this.members = members;
    this.#secure = secure;
    this.#more = more;
  }

  /**
   * start starts a cluster.
   * @param secure enables TLS and authentication
   * @param more added to the command line of each member: ["--quota-backend-bytes", "16777216"]
   */
  static async start(secure = false, more: readonly string[] = []): Promise<EtcdCluster> {
    const members: EtcdMember[] = [];
    for (const name of ['m1', 'm2', 'm3']) {
      members.push({ name, clientPort: await freePort(), peerPort: await freePort(), child: undefined });
    }
    const cluster = new EtcdCluster(members, secure, more);
    // The first member creates the certificate that all of them use.
    for (const member of members) await cluster.launch(member);
    await until('the etcd has a leader', async () => {
      cluster.etcdctl('endpoint', 'health');
      return true;
    });
    if (secure) {
      const { username: user, password } = credentials;
      enableAuthentication(cluster.endpoint, { user, password, prefix: '/x', flags: cluster.#flags() });
    }
    return cluster;
  }

  endpointOf({ clientPort }: EtcdMember): string {
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${clientPort}`;
  }

  /** endpoints returns the endpoints of all members. */
  get endpoints(): readonly string[] {
    return this.members.map((member) => this.endpointOf(member));
  }

  /** endpoint returns all endpoints in the syntax of --etcd-endpoints and etcdctl. */
  get endpoint(): string {
    return this.endpoints.join(',');
  }

  /**
   * options returns the options of a store on this cluster.
   * @param prefix "/x…" if the cluster has authentication
   * @param endpoints other endpoints that lead to it
   */
  options(prefix: string, endpoints = this.endpoints): EtcdOptions {
    return {
      endpoints,
      prefix,
      ...(this.#secure ? { tls: { ca: readFileSync(this.caFile) }, auth: credentials } : {}),
    };
  }

  /** caFile returns the certificate to trust if the cluster has TLS: it is self-signed by the first member. */
  get caFile(): string {
    return join(this.#dir, 'm1/fixtures/client/cert.pem');
  }

  #tlsArgs({ name }: EtcdMember): readonly string[] {
    if (!this.#secure) return [];
    const shown = ['--cert-file', this.caFile, '--key-file', join(this.#dir, 'm1/fixtures/client/key.pem')];
    // The cheapest password hash: its cost is not under test.
    return [...(name === 'm1' ? ['--auto-tls'] : shown), '--bcrypt-cost', '4'];
  }

  #flags(): readonly string[] {
    return this.#secure ? ['--cacert', this.caFile] : [];
  }

  /** rootFlags returns the flags of etcdctl for root, who may do anything. */
  get rootFlags(): readonly string[] {
    return this.#secure ? [...this.#flags(), '--user', `root:${credentials.password}`] : [];
  }

  /** controllerArgs returns the flags of a controller on this cluster. Its prefix begins with "/x". */
  controllerArgs(): readonly string[] {
    const plain = ['--etcd-endpoints', this.endpoint];
    if (!this.#secure) return plain;
    const passwordFile = join(this.#dir, 'password');
    writeFileSync(passwordFile, credentials.password, { mode: 0o600 });
    return [
      ...plain,
      ...['--etcd-ca', this.caFile, '--etcd-user', credentials.username, '--etcd-password-file', passwordFile],
    ];
  }

  /** etcdctl runs etcdctl on the cluster as root, and returns its output. */
  etcdctl(...args: readonly string[]): string {
    return execFileSync('etcdctl', ['--endpoints', this.endpoint, ...this.#flags(), ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ETCDCTL_API: '3' },
    });
  }

  /** defragment has a member rewrite its file. Unlike etcdctl(), it lets this process go on meanwhile. */
  async defragment(member: EtcdMember): Promise<void> {
    await promisify(execFile)('etcdctl', ['--endpoints', this.endpointOf(member), ...this.rootFlags, 'defrag'], {
      env: { ...process.env, ETCDCTL_API: '3' },
    });
  }

  /** leader returns the leading member. All members must answer. */
  leader(): EtcdMember {
    const user = this.#secure ? ['--user', `root:${credentials.password}`] : [];
    const lines = this.etcdctl(...user, 'endpoint', 'status', '-w', 'fields').split('\n');
    const numbers = (name: string) =>
      lines.filter((line) => line.startsWith(`"${name}"`)).map((line) => line.split(' : ')[1]);
    const leads = numbers('MemberID').findIndex((id, index) => id === numbers('Leader')[index]);
    const leader = this.members[leads];
    if (leader === undefined) throw new Error('no member leads');
    return leader;
  }

  /** followers returns the other two members. */
  followers(): readonly EtcdMember[] {
    const leader = this.leader();
    return this.members.filter((member) => member !== leader);
  }

  /** launch starts a member, also a second time, and waits until its port answers. */
  async launch(member: EtcdMember): Promise<void> {
    const client = this.endpointOf(member);
    const peerOf = ({ peerPort }: EtcdMember) => `http://127.0.0.1:${peerPort}`;
    member.child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'etcd', '--name', member.name, '--data-dir', join(this.#dir, member.name)],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peerOf(member), '--initial-advertise-peer-urls', peerOf(member)],
        ...['--initial-cluster', this.members.map((each) => `${each.name}=${peerOf(each)}`).join(',')],
        ...this.#tlsArgs(member),
        ...['--logger', 'zap', '--log-level', 'error', '--log-outputs', 'stderr', ...this.#more],
      ],
      { stdio: 'ignore' },
    );
    await until(`${member.name} answers`, () => answers(member.clientPort));
  }

  /** signal sends a signal to a member: SIGSTOP, SIGCONT. */
  signal(member: EtcdMember, signal: NodeJS.Signals): void {
    member.child?.kill(signal);
  }

  /** kill ends a member and waits until it is gone. Its data stays. */
  async kill(member: EtcdMember): Promise<void> {
    const { child } = member;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => this.kill(member)));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
