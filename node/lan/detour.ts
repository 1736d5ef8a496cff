// Forwards packets that arrive on an interface around it while the kernel makes it a port of a bridge, or takes it out. The
// port is disabled during that, and the bridge drops what arrives (br_handle_frame, BRIDGE_INGRESS_STP_STATE). A rule of
// nftables, in a hook before the bridge, forwards packets for the host to one end of a veth pair, whose other end is a port
// of the bridge.
// Invariant: the rule expires by itself, and is deleted before the pair. Without it, packets may be lost; nothing else changes.

import { checkInterfaceName } from '../../proto/domain/input.js';
import { messageOf } from '../../proto/errors.js';
import { pause } from '../../proto/process/backoff.js';
import type { Exec } from '../../proto/process/exec.js';
import type { Logger } from '../../proto/process/log.js';
import { pairNames } from './decide.js';
import type { LanKernel } from './lan-kernel.js';
import { addPair, deleteNamed, setMaster, setMtu, setPassive, setUp } from './requests.js';
import { type LanLink, linkNamed } from './snapshot.js';

/** Detour is a way around an interface. */
export type Detour = {
  /** begin makes the detour, from `port` to `bridge`. It reports whether that succeeded; if not, nothing is left of it. */
  begin(kernel: LanKernel, port: LanLink, bridge: LanLink): Promise<boolean>;
  /** end ends the detour; the pair can be deleted then. */
  end(): Promise<void>;
};

/** noDetour is a Detour that makes none. */
export const noDetour: Detour = { begin: () => Promise.resolve(false), end: () => Promise.resolve() };

const table = 'netdev xnet-detour';
const longestMs = 5_000;
const runningWithinMs = 3_000;
const lookEveryMs = 10;

// Not `meta protocol`, which also matches packets in a VLAN: interfaces of VLANs stay on the port and receive their packets
// there.
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

// The pair gets the MTU of the port: it drops longer packets.
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

/** makeDetour makes detours by the program nft, which `exec` runs. `log` gets the reason if one can't be made. */
export function makeDetour(exec: Exec, log?: Logger): Detour {
  // Returns what failed; undefined: nothing.
  const nft = async (argv: readonly string[], input = ''): Promise<string | undefined> => {
    try {
      const { code, stderr } = await exec(['nft', ...argv], { input });
      const isGone = input === '' && /No such file or directory/.test(stderr);
      return code === 0 || isGone ? undefined : stderr.trim();
    } catch (error) {
      return messageOf(error);
    }
  };
  const removed = () => nft(['delete', 'table', ...table.split(' ')]);
  return {
    begin: async (kernel, port, bridge) => {
      if ('problem' in checkInterfaceName(port.name)) return false;
      const isPaired = await pairedTo(kernel, port, bridge);
      const reason = isPaired
        ? await nft(['-f', '-'], scriptOf(port.name, Date.now()))
        : 'no pair of interfaces (veth)';
      if (reason === undefined) return true;
      log?.warn({ port: port.name, reason }, 'no detour around the interface: packets may be lost');
      // nft may have been killed after it made the rule.
      await removed();
      kernel.change([deleteNamed(pairNames[0])]);
      return false;
    },
    end: async () => {
      if ((await removed()) !== undefined) await pause(longestMs + 1_000);
    },
  };
}
