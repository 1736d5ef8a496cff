// Everything on a host that xnet could have changed, in a form in which two states can be compared.
import { readFileSync, statSync } from 'node:fs';
import type { LabHost } from '../../deploy/lab/host.js';
import { errnoOf } from '../../proto/errors.js';

/** Inventory is the state of a host, line by line. */
export type Inventory = {
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly policyRules: readonly string[];
  readonly nextHops: readonly string[];
  readonly nftTables: readonly string[];
  /** Docker orders its own rules differently at each start. */
  readonly dockerRules: readonly string[];
  /** In their order on the host. */
  readonly otherRules: readonly string[];
  readonly networks: readonly string[];
  readonly daemonJson: string;
  readonly sysctls: readonly string[];
};

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function daemonJsonOf(host: LabHost): string {
  try {
    const { mode, uid, gid } = statSync(host.daemonJson);
    return `${mode.toString(8)} ${uid}:${gid} ${readFileSync(host.daemonJson).toString('base64')}`;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'absent';
    throw error;
  }
}

function isDockers(rule: string): boolean {
  return /DOCKER-(?!USER)|docker0|foreign0|-[AI] DOCKER /.test(rule);
}

/** inventory returns the present state, without counters and without empty tables, which listing with iptables creates. */
export async function inventory(host: LabHost): Promise<Inventory> {
  const ruleset = lines(await host.run(['iptables-save']))
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/\[\d+:\d+\]/g, ''));
  const own = lines(await host.run(['nft', 'list', 'tables'])).filter((line) => line !== 'table ip raw');
  // Tables without rules are irrelevant: listing creates them.
  const raw = ruleset.indexOf('*raw');
  const rawEnd = ruleset.indexOf('COMMIT', raw);
  const rawRules = ruleset.slice(raw, rawEnd).filter((line) => line.startsWith('-A'));
  const rules = raw >= 0 && rawRules.length === 0 ? [...ruleset.slice(0, raw), ...ruleset.slice(rawEnd + 1)] : ruleset;
  const docker =
    host.engine === undefined
      ? ''
      : await host.docker('network', 'ls', '--format', '{{.Name}} {{.Driver}}').then(async (names) => {
          const each = lines(names).map((line) => line.split(' ')[0] ?? '');
          return host.docker(
            'network',
            'inspect',
            '--format',
            '{{.Name}} {{json .IPAM.Config}} {{json .Options}}',
            ...each,
          );
        });
  return {
    // dockerd makes docker0 anew at some starts, and it then comes after other bridges.
    addresses: lines(await host.run(['ip', '-4', '-br', 'address']))
      .map((line) => line.replace(/@if\d+/, '').replace(/\s+/g, ' '))
      .sort(),
    routes: lines(await host.run(['ip', '-4', 'route', 'show', 'table', 'all'])),
    policyRules: lines(await host.run(['ip', 'rule'])),
    nextHops: lines(await host.run(['ip', 'nexthop'])),
    nftTables: own,
    dockerRules: rules.filter((rule) => isDockers(rule)).sort(),
    otherRules: rules.filter((rule) => !isDockers(rule)),
    networks: lines(docker).sort(),
    daemonJson: daemonJsonOf(host),
    sysctls: lines(await host.run(['sysctl', 'net.ipv4.ip_forward', 'net.ipv4.conf.all.rp_filter'])),
  };
}
