// A unix socket on which an engine answers that no test can have: rootless, too old, too new, another program, or none that
// is well. It speaks the documented HTTP API, and xnet asks it by its own client. The answers are those of a real dockerd 28.5,
// without the fields that xnet does not read.
import { createServer, type Server } from 'node:http';

/** EngineAnswers are the answers to GET, by path: "/version". 'hangs up' ends the connection; absent: 404. */
export type EngineAnswers = Readonly<Record<string, { readonly status?: number; readonly body: unknown } | 'hangs up'>>;

const bridge = {
  Name: 'bridge',
  Id: '43bb20f8978572bf4b125f05c95f224f3cf0878d8117fa55452b7ac431308a0d',
  Driver: 'bridge',
  IPAM: { Driver: 'default', Options: null, Config: [{ Subnet: '172.17.0.0/16', Gateway: '172.17.0.1' }] },
  Options: {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.name': 'docker0',
  },
  Labels: {},
};

/** EngineChanges change fields of the answers about the engine; `container`: the state of its only one, "running". */
export type EngineChanges = { readonly version?: object; readonly info?: object; readonly container?: string };

/** engineAnswers are those of a dockerd. */
export function engineAnswers(changes: EngineChanges = {}): EngineAnswers {
  const version = {
    Components: [{ Name: 'Engine', Version: '28.5.2+dfsg4' }, { Name: 'containerd' }, { Name: 'runc' }],
    Version: '28.5.2+dfsg4',
    ApiVersion: '1.51',
    MinAPIVersion: '1.24',
  };
  const info = {
    LiveRestoreEnabled: false,
    SecurityOptions: ['name=seccomp,profile=builtin'],
    FirewallBackend: { Driver: 'iptables' },
  };
  const networks = { bridge: { NetworkID: bridge.Id, IPAddress: '172.17.0.2' } };
  const { container: State } = changes;
  const containers =
    State === undefined ? [] : [{ Id: 'c1', Names: ['/web'], State, NetworkSettings: { Networks: networks } }];
  return {
    '/version': { body: { ...version, ...changes.version } },
    '/info': { body: { ...info, ...changes.info } },
    '/networks': { body: [bridge] },
    '/containers/json': { body: containers },
  };
}

/** answersWithContainer are those of a dockerd with one container on docker0, in a state of Docker's: "running", "exited". */
export function answersWithContainer(state: string): EngineAnswers {
  const networks = { bridge: { NetworkID: bridge.Id, IPAddress: state === 'running' ? '172.17.0.2' : '' } };
  const container = {
    Id: '3f4a3a6a5fd0d5f2d8b4b4f0a8f0f2f6b58a6ae92d6ee7e7ae6b7fae4a6df2ab',
    Names: ['/web'],
    State: state,
    Labels: {},
    NetworkSettings: { Networks: networks },
  };
  return { ...engineAnswers(), '/containers/json': { body: [container] } };
}

/** EngineSocket is such a socket. */
export class EngineSocket {
  answers: EngineAnswers = engineAnswers();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const answer = this.answers[new URL(request.url ?? '', 'http://docker').pathname];
      if (answer === 'hangs up') return void request.socket.destroy();
      response.writeHead(answer?.status ?? (answer === undefined ? 404 : 200), { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer?.body ?? { message: 'page not found' }));
    });
  }

  /** open makes the socket at a path where nothing is. */
  static async open(path: string): Promise<EngineSocket> {
    const socket = new EngineSocket();
    await new Promise<void>((resolve, reject) => {
      socket.#server.once('error', reject);
      socket.#server.listen(path, resolve);
    });
    return socket;
  }

  /** close removes the socket. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
