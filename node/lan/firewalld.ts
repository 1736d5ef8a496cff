// Tells whether firewalld would open a host to its LAN: Docker puts the bridge of each of its networks into firewalld's zone
// docker, which accepts everything. With the host's own interface on that bridge, that is all ports of the host.
// Invariant: read-only. What firewalld keeps in its files counts, because it lasts.
import type { RulesListed } from './named-rules.js';

/** FirewalldFiles are texts of firewalld's permanent configuration (/etc/firewalld). */
export type FirewalldFiles = {
  /** zones/docker.xml; empty if it is as shipped, or as Docker makes it. */
  readonly dockerZone: string;
  /** policies/*.xml */
  readonly policies: readonly string[];
};

// Of its backends nftables and iptables.
const tableOfIt = /^table (inet|ip) firewalld \{/m;
const chainOfIt = /^:INPUT_(ZONES|dispatch) /m;

/** opensHost reports whether firewalld runs, and accepts on the host itself what arrives by a bridge in zone docker. Pure. */
export function opensHost({ nft, iptables }: RulesListed, { dockerZone, policies }: FirewalldFiles): boolean {
  if (!tableOfIt.test(nft) && !chainOfIt.test(iptables)) return false;
  const isAccepting = dockerZone === '' || /<zone\b[^>]*\btarget="ACCEPT"/.test(dockerZone);
  return isAccepting && !policies.some(isClosing);
}

// Policies with a priority of 1 and more follow the zones.
function isClosing(text: string): boolean {
  const [start = ''] = /<policy\b[^>]*>/.exec(text) ?? [];
  const isFirst = !/\bpriority="[1-9]/.test(start);
  const isFrom = /<ingress-zone name="(docker|ANY)"/.test(text) && /<egress-zone name="HOST"/.test(text);
  return isFirst && isFrom && /\btarget="(REJECT|DROP)"/.test(start);
}

// As Docker makes it when it starts beside firewalld.
const zoneOfDocker = ['--new-zone=docker', '--zone=docker --set-target=ACCEPT'];
const policyOptions = [
  'add-ingress-zone=docker',
  'add-egress-zone=HOST',
  'set-target=REJECT',
  'add-protocol=icmp',
  'add-service=ssh',
];

/** FirewalldHas says what firewalld has of what closingFix makes: its zone docker, and a policy docker-host. */
export type FirewalldHas = { readonly zone: boolean; readonly policy: boolean };

/**
 * closingFix returns the commands by which firewalld decides what reaches the host from zone docker. They may be typed again
 * where one of them has failed.
 * @param has firewalld refuses to make these again, and a policy about a zone that it does not have
 */
export function closingFix(has: FirewalldHas): string {
  const options = [
    ...(has.zone ? [] : zoneOfDocker),
    ...(has.policy ? [] : ['--new-policy=docker-host']),
    ...policyOptions.map((option) => `--policy=docker-host --${option}`),
  ];
  const commands = options.map((option) => `firewall-cmd --permanent ${option}`);
  return [...commands, 'firewall-cmd --reload'].join(' && ');
}
