// Findings of preflight about an engine, with what triggers and clears each. Engines that no test can have answer at a socket,
// see EngineSocket: where the fix is another engine, that one answers afterwards.
import type { OnRunning } from '../../node/docker/engine/settings.js';
import { type EngineChanges, engineAnswers } from './engine-socket.js';
import { prefix } from './pools.js';
import type { PreflightHost } from './preflight-host.js';
import type { PreflightFixture } from './preflight-lan.js';

const asRoot = { SecurityOptions: ['name=seccomp,profile=builtin'] };
const nftables = { version: { Version: '29.2.0' }, info: { FirewallBackend: { Driver: 'nftables' } } };

const answering = (changes?: EngineChanges) => (host: PreflightHost) => host.dockerAnswers(engineAnswers(changes));

/** followed does what a fix says, if it says that. */
export function followed(says: RegExp, act: (host: PreflightHost, found: readonly string[]) => unknown) {
  return (host: PreflightHost, fix: string) => {
    const found = says.exec(fix);
    if (found === null) throw new Error(`the fix "${fix}" does not say ${says}`);
    return act(host, [...found]);
  };
}

const lease = { subnet: prefix('10.76.3.0/24'), pool: [prefix('10.76.0.0/16')] };

// The containers are stopped, as each of these fixes says; test/e2e/docker-bip.test.ts has them on real dockerds.
function running(
  reason: string,
  severity: PreflightFixture['severity'],
  onRunning: OnRunning,
  info: object = {},
): PreflightFixture {
  return {
    reason,
    severity,
    look: { ...lease, docker: { onRunning } },
    trigger: answering({ container: 'running', info }),
    clear: followed(/\bstop (these|the|them)\b/, answering({ container: 'exited', info })),
  };
}

/** engineFixtures are these findings. */
export const engineFixtures: readonly PreflightFixture[] = [
  {
    reason: 'NotInstalled',
    severity: 'warns',
    trigger: (host) => host.remove('usr/sbin/dockerd'),
    // What either package brings.
    clear: followed(/^install docker\.io or docker-ce$/, (host) => host.write('usr/sbin/dockerd', '', 0o755)),
  },
  {
    reason: 'NotRunning',
    severity: 'warns',
    trigger: () => undefined,
    clear: followed(/^systemctl start docker$/, answering()),
  },
  {
    reason: 'DockerFound',
    severity: 'info',
    trigger: () => undefined,
    // It asks for nothing.
    clear: () => undefined,
    afterwards: { docker: { socket: '/nowhere' } },
  },
  {
    reason: 'NotAnswering',
    severity: 'warns',
    trigger: (host) => host.dockerAnswers({ '/version': 'hangs up' }),
    clear: followed(/^systemctl restart docker/, answering()),
  },
  {
    reason: 'DockerFailed',
    severity: 'warns',
    trigger: (host) =>
      host.dockerAnswers({ ...engineAnswers(), '/info': { status: 500, body: { message: 'layer does not exist' } } }),
    clear: followed(/^find the cause with journalctl -u docker$/, answering()),
  },
  {
    reason: 'Rootless',
    severity: 'stops',
    trigger: answering({ info: { SecurityOptions: [...asRoot.SecurityOptions, 'name=rootless'] } }),
    clear: followed(/^run Docker as root$/, answering({ info: asRoot })),
  },
  {
    reason: 'EngineTooOld',
    severity: 'stops',
    trigger: answering({ version: { Version: '19.03.15' } }),
    clear: followed(/^upgrade Docker$/, answering({ version: { Version: '20.10.24' } })),
  },
  {
    reason: 'EngineUntested',
    severity: 'info',
    trigger: answering({ version: { Version: '30.0.0' } }),
    // It stands until there is an xnet that was tried with that engine.
    clear: followed(/^try it on one host first/, answering({ version: { Version: '29.2.0' } })),
  },
  running('ContainersRunning', 'warns', 'refuse'),
  running('WaitingForContainers', 'warns', 'wait'),
  running('ContainersRestart', 'info', 'restart'),
  running('LiveRestore', 'warns', 'restart', { LiveRestoreEnabled: true }),
  {
    reason: 'DockerDropsPeers',
    severity: 'warns',
    trigger: answering(nftables),
    clear: followed(/^put (".*) and (".*) into daemon\.json and restart Docker$/, (host, [, first, second]) =>
      host.write('etc/docker/daemon.json', `{${first}, ${second}}`),
    ),
    look: lease,
    undo: async (host) => {
      host.remove('etc/docker/daemon.json');
      await host.dockerIsGone();
    },
  },
];
