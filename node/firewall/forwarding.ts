// Decides whether the host forwards packets, and whether xnet may turn forwarding on.
// Invariant: forwarding is turned on only if some rule drops forwarded packets by default. Docker before 28 sets the
// policy of FORWARD to DROP only if it turns forwarding on itself. If another program does so before Docker's first
// start, every port of every container is open to the network.
import type { Finding } from '../reconcile/effect.js';
import { bridgesOf, type DesiredFirewall, type EngineFacts } from './desired.js';
import { ipv4Sysctl, type ProcFiles } from './proc.js';

/** ForwardingState holds the sysctls that decide whether packets are forwarded; undefined if the file does not exist. */
export type ForwardingState = {
  /** net.ipv4.ip_forward: "1" */
  readonly host: string | undefined;
  /** net.ipv4.conf.NAME.forwarding of the underlay interface and of the bridges */
  readonly interfaces: ReadonlyMap<string, string | undefined>;
  /** net.ipv4.conf.NAME.rp_filter of "all" and of docker0 */
  readonly reversePath: ReadonlyMap<string, string | undefined>;
};

/** readForwarding reads the sysctls. */
export async function readForwarding(proc: ProcFiles, desired: DesiredFirewall): Promise<ForwardingState> {
  const conf = async (names: readonly string[], key: string) =>
    new Map(
      await Promise.all(names.map(async (name) => [name, await proc.read(ipv4Sysctl('conf', name, key))] as const)),
    );
  const [host, interfaces, reversePath] = await Promise.all([
    proc.read(ipv4Sysctl('ip_forward')),
    conf([...new Set([desired.underlay, ...bridgesOf(desired)])], 'forwarding'),
    conf(['all', 'docker0'], 'rp_filter'),
  ]);
  return { host, interfaces, reversePath };
}

/** ForwardingInput holds the inputs of planForwarding. */
export type ForwardingInput = {
  readonly state: ForwardingState;
  readonly bridges: readonly string[];
  /** Whether some iptables backend drops forwarded packets that no rule accepts. */
  readonly drops: boolean;
  readonly engine: EngineFacts | undefined;
};

/** ForwardingReason is why packets are not forwarded. */
export type ForwardingReason = 'ForwardingOff' | 'InterfaceForwardingOff';

/** ForwardingPlan says whether to turn forwarding on, and what is wrong. Notes are informational. */
export type ForwardingPlan = {
  readonly turnOn: boolean;
  readonly findings: readonly Finding<ForwardingReason>[];
  readonly notes: readonly string[];
};

/** planForwarding decides whether to turn forwarding on. */
export function planForwarding({ state, bridges, drops, engine }: ForwardingInput): ForwardingPlan {
  const notes = reversePathNotes(state, bridges);
  if (state.host === '0') {
    // From 28 on, Docker drops packets from outside by its own rules, whatever the policy.
    const dropsItself = engine?.running === true && (engine.major ?? 0) >= 28 && engine.iptables !== false;
    if (drops || dropsItself) return { turnOn: true, findings: [], notes };
    return { turnOn: false, findings: [forwardingOff(engine)], notes };
  }
  const findings = [...state.interfaces].flatMap(([name, value]) => (value === '0' ? [interfaceOff(name)] : []));
  // Before 28, only the policy protects containers from the network. It was open before xnet, and closing it could cut
  // off others.
  const open = !drops && engine?.running === true && engine.major !== undefined && engine.major < 28;
  if (!open) return { turnOn: false, findings, notes };
  const note =
    "the policy of iptables' FORWARD chain is ACCEPT: hosts that route to this one reach every container port; " +
    'close them with iptables -P FORWARD DROP';
  return { turnOn: false, findings, notes: [...notes, note] };
}

function forwardingOff(engine: EngineFacts | undefined): Finding<ForwardingReason> {
  if (engine?.running === true) {
    const message =
      'net.ipv4.ip_forward is 0, and xnetd does not turn it on: nothing drops forwarded packets, so every container ' +
      'port would be open to the network';
    const fix = 'iptables -P FORWARD DROP, then sysctl -w net.ipv4.ip_forward=1';
    return { type: 'Forwarding', transient: false, reason: 'ForwardingOff', message, fix };
  }
  const message =
    'net.ipv4.ip_forward is 0, and xnetd turns it on only when Docker runs and has closed the ports of containers';
  return { type: 'Forwarding', transient: true, reason: 'ForwardingOff', message, fix: 'systemctl start docker' };
}

function interfaceOff(name: string): Finding<ForwardingReason> {
  const message = `packets that come in on ${name} are not forwarded (net.ipv4.conf.${name}.forwarding is 0)`;
  const fix = `sysctl -w net/ipv4/conf/${name}/forwarding=1`;
  return { type: 'Forwarding', transient: false, reason: 'InterfaceForwardingOff', message, fix };
}

// Our own traffic arrives on the interface that the reply leaves by, so a strict filter admits it. A container on both
// docker0 and our network replies through docker0, even to packets from our bridge.
function reversePathNotes({ reversePath }: ForwardingState, bridges: readonly string[]): readonly string[] {
  // The greater of the two applies: 1 is strict, 2 is loose (Documentation/networking/ip-sysctl.rst).
  const mode = Math.max(...[...reversePath.values()].map((value) => Number(value ?? 0)));
  const others = bridges.filter((bridge) => bridge !== 'docker0');
  if (others.length === 0 || mode !== 1 || reversePath.get('docker0') === undefined) return [];
  return [
    `rp_filter is strict on docker0: a container that is on docker0 and on ${others.join(' or ')} at once is not reached from other hosts`,
  ];
}
