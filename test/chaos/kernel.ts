// Reads a host's kernel with the programs of iproute2 and nftables, which share no code with xnetd.
import * as v from 'valibot';
import type { Machine } from '../../deploy/lab/machine.js';

/** protocol marks the routes of xnet. */
const protocol = '88';

const routes = v.array(
  v.object({
    dst: v.string(),
    type: v.optional(v.string(), 'unicast'),
    gateway: v.optional(v.string()),
    metric: v.optional(v.number(), 0),
  }),
);

/** routesOf returns the routes of xnet in a machine's kernel: "10.76.1.0/24 via 192.168.83.12", "unreachable 10.76.0.0/16". */
export async function routesOf(machine: Machine): Promise<readonly string[]> {
  const text = await machine.run(['ip', '-json', '-4', 'route', 'show', 'proto', protocol]);
  return v
    .parse(routes, JSON.parse(text === '' ? '[]' : text))
    .map(({ dst, type, gateway }) => (type === 'unicast' ? `${dst} via ${gateway ?? 'none'}` : `${type} ${dst}`))
    .sort();
}

/** nextHopsOf returns the addresses that xnet's routes of a machine lead to. */
export async function nextHopsOf(machine: Machine): Promise<readonly string[]> {
  return (await routesOf(machine)).flatMap((line) => line.split(' via ')[1] ?? []);
}

const nftables = v.object({
  nftables: v.array(
    v.object({ set: v.optional(v.object({ name: v.string(), elem: v.optional(v.array(v.string())) })) }),
  ),
});

/** peersOf returns the subnets in the sets of xnet's firewall table: "10.76.1.0/24"; none without the table. */
export async function peersOf(machine: Machine): Promise<readonly string[]> {
  const { code, stdout } = await machine.exec(['nft', '-j', 'list', 'table', 'ip', 'xnet']);
  if (code !== 0) return [];
  return v
    .parse(nftables, JSON.parse(stdout))
    .nftables.flatMap(({ set }) => {
      // "peers24" has networks of that length.
      const length = /^peers(\d+)$/.exec(set?.name ?? '')?.[1] ?? '32';
      return (set?.elem ?? []).map((network) => `${network}/${length}`);
    })
    .sort();
}
