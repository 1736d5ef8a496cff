// Mode lan under the units as they are installed: the host's interface moves to a bridge and back without losing a packet,
// and is moved before Docker starts at boot, without any controller.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { LabHost } from '../../deploy/lab/host.js';
import { PingFlow } from './ping-flow.js';
import type { ServiceStage } from './service-stage.js';

/** InterfaceMoved is a host whose interface is the port of a bridge. */
export type InterfaceMoved = {
  /** provenAtBoot looks at what the host had at its boot before Docker started. */
  readonly provenAtBoot: () => Promise<void>;
  /** undone ends the lease. */
  readonly undone: () => Promise<void>;
};

/** movesInterface gives the host a lease of mode lan. */
export async function movesInterface(t: ExecutionContext, stage: ServiceStage): Promise<InterfaceMoved> {
  const { host, node, xctl, untilReady } = stage;
  const show = (name: string) => host.run(['ip', '-4', '-o', 'address', 'show', 'dev', name]);
  const isOnBridge = async () => (await host.run(['ip', '-o', 'link', 'show', 'eth0'])).includes(' master xnet-lan ');
  const before = await show('eth0');
  await xctl('pools', 'create', 'lan', stage.lan, '--subnet-length', '27', '--mode', 'lan', '--gateway', stage.router);
  await nothingLostDuring(t, stage, async () => {
    await xctl('leases', 'add', 'h1', '--pool', 'lan');
    await node.until('the interface is the port of a bridge', isOnBridge);
    await untilReady();
  });
  return {
    provenAtBoot: async () => {
      const addresses = readFileSync(host.inside('/run/addresses-before-docker'), 'utf8');
      t.regex(
        addresses,
        new RegExp(` xnet-lan +inet ${host.address}/`),
        'the bridge has the address before Docker starts',
      );
      t.notRegex(addresses, / eth0 /);
      t.true(await isOnBridge());
    },
    undone: async () => {
      const [, lease = ''] = /^(192\.168\.\d+\.\d+\/27) .*\bh1\b/m.exec(await xctl('leases', 'list')) ?? [];
      await nothingLostDuring(t, stage, async () => {
        await xctl('leases', 'end', 'h1', lease, '--confirm', lease);
        await node.until('the interface has its address again', async () => !(await isOnBridge()));
        await untilReady();
      });
      t.is(await show('eth0'), before);
      t.not((await host.exec(['ip', 'link', 'show', 'xnet-lan'])).code, 0);
    },
  };
}

// xnetd's sandbox allows all that it needs to lead packets around the interface meanwhile.
async function nothingLostDuring(
  t: ExecutionContext,
  { host, peer, router }: ServiceStage,
  move: () => Promise<void>,
): Promise<void> {
  const flowFrom = ({ enter }: LabHost, to: string) => PingFlow.start({ enter: () => Promise.resolve(enter) }, to);
  const flows = await Promise.all([flowFrom(host, router), flowFrom(peer, host.address)]);
  const monitor = await host.spawn(['nft', 'monitor', 'new', 'rules'], { logFile: join(host.logs, 'nft-monitor.log') });
  await Promise.all(flows.map((flow) => flow.seen(20)));
  await move();
  await Promise.all(flows.map((flow) => flow.seen(50)));
  await monitor.stop();
  t.regex(monitor.output, / netdev xnet-detour .* fwd to /);
  for (const flow of flows) {
    const { sent, received } = await flow.stop();
    t.is(sent - received, 0, `of ${sent} echo requests`);
  }
}
