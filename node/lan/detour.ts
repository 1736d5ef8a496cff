// Leads what arrives by an interface around it while the kernel makes it the port of a bridge, or takes it out. The port is
// disabled for a moment then, and the bridge drops what arrives (br_handle_frame, BRIDGE_INGRESS_STP_STATE). A rule of nftables, which is
// asked before the bridge, hands packets for the host to one end of a pair, whose other end is a port of the bridge as well.
// Invariant: the rule ends by itself, and before the pair goes. Where it can't be made, packets may be lost, and nothing else.

import { checkInterfaceName } from '../../proto/domain/input.js';
import { pause } from '../../proto/process/backoff.js';
import type { Exec } from '../../proto/process/exec.js';
import { pairNames } from './decide.js';
import type { LanKernel } from './lan-kernel.js';
import { addPair, deleteNamed, setMaster, setMtu, setPassive, setUp } from './requests.js';
import { type LanLink, linkNamed } from './snapshot.js';

/** Detour is this way around an interface. */
export type Detour = {
  /** begin makes it, from `port` to `bridge`, which must take what is for the host. It reports whether it could be made. */
  begin(kernel: LanKernel, port: LanLink, bridge: LanLink): Promise<boolean>;
  /** end ends it; the pair can go then. */
  end(): Promise<void>;
};

/** noDetour makes none. */
export const noDetour: Detour = { begin: () => Promise.resolve(false), end: () => Promise.resolve() };

const table = 'netdev xnet-detour';
const longestMs = 5_000;
const runningWithinMs = 3_000;
const lookEveryMs = 10;

// Not `meta protocol`, which is that of the packet in a VLAN: the interface of a VLAN stays on the port, and takes its packets.
function scriptOf(port: string, nowMs: number): string {
  const until = Math.ceil((nowMs + longestMs) / 1000);
  return `add table ${table}
delete table ${table}
table ${table} {
  chain arriving {
    type filter hook ingress device "${port}" priority -500; policy accept;
    meta time < ${until} ether type ip meta pkttype host fwd to "${pairNames[1]}"
  }
}
`;
}

// A pair drops what is longer than its MTU.
async function pairedTo(kernel: LanKernel, { mtu }: LanLink, bridge: LanLink): Promise<boolean> {
  kernel.change([addPair(...pairNames)]);
  for (const until = performance.now() + runningWithinMs; performance.now() < until; await pause(lookEveryMs)) {
    const links = await kernel.links();
    const [inner, outer] = pairNames.map((name) => linkNamed({ links }, name));
    if (inner === undefined || outer === undefined) return false;
    const ready = inner.isRunning && outer.isRunning && inner.master === bridge.ifindex;
    const sized = [setMtu(inner, mtu), setMtu(outer, mtu)];
    const requests = [...sized, setMaster(inner, bridge), setPassive(inner), setUp(inner), setUp(outer)];
    if (kernel.change(ready ? [...sized, setPassive(inner)] : requests).length > 0) return false;
    if (ready) return true;
  }
  return false;
}

/** makeDetour makes detours by the program nft, which `exec` runs. */
export function makeDetour(exec: Exec): Detour {
  const nft = async (argv: readonly string[], input = ''): Promise<boolean> => {
    const result = await exec(['nft', ...argv], { input }).catch(() => undefined);
    return result?.code === 0 || (input === '' && /No such file or directory/.test(result?.stderr ?? ''));
  };
  const removed = () => nft(['delete', 'table', ...table.split(' ')]);
  return {
    begin: async (kernel, port, bridge) => {
      if ('problem' in checkInterfaceName(port.name)) return false;
      const isMade =
        (await pairedTo(kernel, port, bridge)) && (await nft(['-f', '-'], scriptOf(port.name, Date.now())));
      if (isMade) return true;
      // nft may have been killed after it made the rule.
      await removed();
      kernel.change([deleteNamed(pairNames[0])]);
      return false;
    },
    end: async () => {
      if (!(await removed())) await pause(longestMs + 1_000);
    },
  };
}
