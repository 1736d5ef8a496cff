// The network interfaces of a host of the lab, listed by `ip` in its namespace. The daemon reads its own from the kernel.
import * as v from 'valibot';
import type { HostInterface } from '../../node/docker/engine/interfaces.js';
import { parseIpv4 } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import type { Exec } from '../../proto/process/exec.js';

const answer = v.array(
  v.object({
    ifname: v.optional(v.string(), ''),
    addr_info: v.optional(
      v.array(
        v.object({
          family: v.optional(v.string()),
          local: v.optional(v.string(), ''),
          prefixlen: v.optional(v.number(), 32),
        }),
      ),
      [],
    ),
  }),
);

/**
 * hostInterfaces lists all interfaces of the host.
 * @throws XnetError FailedPrecondition without iproute2, Internal if it fails
 */
export async function hostInterfaces(exec: Exec, signal?: AbortSignal): Promise<readonly HostInterface[]> {
  const argv = ['ip', '-json', 'address', 'show'] as const;
  const result = await exec(argv, signal === undefined ? {} : { signal });
  if (result.code !== 0) throw new XnetError('Internal', `${argv.join(' ')}: ${result.stderr.trim()}`);
  return v.parse(answer, JSON.parse(result.stdout === '' ? '[]' : result.stdout)).map((entry) => ({
    name: entry.ifname,
    addresses: entry.addr_info.flatMap(({ family, local, prefixlen }) => {
      const address = family === 'inet' ? parseIpv4(local) : undefined;
      return address === undefined ? [] : [{ address, length: prefixlen }];
    }),
  }));
}
