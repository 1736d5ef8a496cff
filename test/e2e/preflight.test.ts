// Findings of preflight about Docker on a real dockerd of the newest line: each is triggered, and its fix clears it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { LabHost } from '../../deploy/lab/host.js';
import type { PreflightReport } from '../../node/commands/preflight.js';
import type { Severity } from '../../node/preflight/finding.js';
import type { DockerReason } from '../../node/preflight/reasons.js';
import { DockerLab, stateFolderOn } from '../support/docker-lab.js';
import { EngineSocket, engineAnswers } from '../support/engine-socket.js';
import { prefix } from '../support/pools.js';
import { editedAs, leaseWithRange } from '../support/preflight-daemon-json.js';
import { type PreflightOn, preflightOn } from '../support/preflight-lab.js';

const xnetd = fileURLToPath(new URL('../../bin/xnetd.js', import.meta.url));
const [lab] = await DockerLab.open(1, ['28']);
test.after.always(() => lab?.close());

type Cause = { readonly reason: DockerReason; readonly severity: Severity; readonly on?: PreflightOn };

// Returns what the finding's fix names.
async function triggered(t: ExecutionContext, host: LabHost, { reason, severity, on }: Cause, says: RegExp) {
  const findings = await preflightOn(host, on);
  const finding = findings.find((each) => each.reason === reason);
  t.is(finding?.severity, severity, `${reason} of ${findings.map((each) => each.reason)}`);
  const fix = finding?.fix ?? '';
  t.regex(fix, says, reason);
  return { fix, named: says.exec(fix)?.[1] ?? '' };
}

async function cleared(t: ExecutionContext, host: LabHost, { reason, on }: Cause) {
  const reasons = (await preflightOn(host, on)).map((each) => each.reason);
  t.true(reasons.includes('DockerFound'), `${reasons}`);
  t.false(reasons.includes(reason), reason);
}

async function restartWith(host: LabHost, flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await host.stopDockerd();
  await host.startDockerd({ flags, env });
}

if (lab === undefined) test.skip('no dockerd can be run here', () => undefined);
else {
  const flags = [
    '--default-address-pool=base=10.9.0.0/16,size=24',
    '--fixed-cidr=172.17.0.0/24',
    '--bridge=none',
    '--default-gateway=172.17.0.9',
  ];

  test('preflight on a real dockerd: each finding about Docker is triggered, and its fix clears it', (t) =>
    lab.onHost(flags, async (host) => {
      const remove = /^remove --([\w-]+) from the command line of process \d+ and restart Docker/;
      const block = { subnet: prefix('10.76.48.0/20'), mode: 'block' } as const;
      const ofCache = { subnet: undefined, cached: leaseWithRange };
      let left: readonly string[] = flags;
      const causes: readonly Cause[] = [
        { reason: 'AddressPoolsAreFlag', severity: 'stops', on: block },
        { reason: 'FixedCidrIsFlag', severity: 'stops', on: ofCache },
        { reason: 'FlagBridgeSet', severity: 'stops' },
        { reason: 'FlagDoesNotFit', severity: 'stops' },
      ];
      for (const cause of causes) {
        const { named } = await triggered(t, host, cause, remove);
        left = left.filter((flag) => !flag.startsWith(`--${named}=`));
        await restartWith(host, left);
        await cleared(t, host, cause);
      }
      t.deepEqual(left, []);

      // What dockerd itself refuses.
      const invalid: Cause = { reason: 'DaemonJsonInvalid', severity: 'stops' };
      writeFileSync(host.daemonJson, '{"nosuchkey": 1}');
      const { named: path } = await triggered(t, host, invalid, /^correct (\S+)$/);
      writeFileSync(path, '{}');
      await cleared(t, host, invalid);
      writeFileSync(host.daemonJson, '{"debug": false,}');
      const { fix } = await triggered(t, host, invalid, /remove the comma$/);
      writeFileSync(host.daemonJson, editedAs(fix, readFileSync(host.daemonJson, 'utf8'), host.daemonJson));
      await cleared(t, host, invalid);

      const flushed: Cause = { reason: 'DockerRulesMissing', severity: 'warns', on: { quick: false } };
      await cleared(t, host, flushed);
      await host.run(['nft', 'flush', 'ruleset']);
      await triggered(t, host, flushed, /^restart Docker, which then adds its rules again$/);
      await host.restartDockerd();
      await cleared(t, host, flushed);

      // Before 29, the backend is a trial that the environment switches on.
      const backend: Cause = { reason: 'UnsupportedFirewallBackend', severity: 'stops', on: { quick: false } };
      await restartWith(host, [], { DOCKER_FIREWALL_BACKEND: 'nftables' });
      const { named } = await triggered(t, host, backend, /^remove (\S+) from the environment of dockerd and restart/);
      t.is(named, 'DOCKER_FIREWALL_BACKEND');
      await restartWith(host, []);
      await cleared(t, host, backend);

      const other = await EngineSocket.open(join(host.store, 'podman.sock'));
      try {
        const podman = { Components: [{ Name: 'Podman Engine', Version: '4.3.1' }], Version: '4.3.1' };
        other.answers = engineAnswers({ version: podman });
        const notDocker: Cause = { reason: 'NotDocker', severity: 'stops' };
        const on = { docker: { socket: join(host.store, 'podman.sock') } };
        await triggered(t, host, { ...notDocker, on }, /^set --docker-socket to Docker's socket$/);
        await cleared(t, host, { ...notDocker, on: { docker: { socket: host.dockerSocket } } });
      } finally {
        await other.close();
      }

      // A user who may do everything but connect to Docker's socket.
      const caps = ['net_admin', 'dac_read_search'].map((name) => `+${name}`).join(',');
      const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', `--inh-caps=${caps}`];
      const where = ['--docker-socket', host.dockerSocket, '--state-dir', stateFolderOn(host)];
      const look = async (...as: readonly string[]): Promise<PreflightReport['findings']> => {
        const argv = [...as, process.execPath, xnetd, 'preflight', '--json', ...where] as const;
        const { stdout, stderr } = await host.exec(['env', ...argv]);
        t.not(stdout, '', stderr);
        const report: PreflightReport = JSON.parse(stdout);
        return report.findings;
      };
      const denied = (await look(...nobody, `--ambient-caps=${caps}`)).find(({ reason }) => reason === 'NoPermission');
      t.like(denied, { severity: 'stops', fix: 'run xnetd as root' });
      const reasons = (await look()).map(({ reason }) => reason);
      t.deepEqual(
        ['DockerFound', 'NoPermission'].filter((reason) => reasons.includes(reason)),
        ['DockerFound'],
      );
    }));
}
