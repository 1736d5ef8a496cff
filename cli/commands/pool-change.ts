// `xctl pools resize` and `xctl pools set`: the range and the settings of a pool.
import type { Mode } from '../../proto/domain/network.js';
import { escaped } from '../../proto/domain/text.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import type { CommandContext } from '../client/context.js';
import { poolFromWire } from '../output/pool.js';
import { requirePart, verdict } from './change-response.js';

/** ResizeOptions are the options of `pools resize`. */
export type ResizeOptions = { readonly cidr: string; readonly dryRun: boolean };

/** resizePool gives a pool a larger or a smaller range. */
export async function resizePool({ client, output }: CommandContext, options: ResizeOptions, name: string) {
  const { cidr, dryRun } = options;
  const response = await client.change((ipam) => ipam.resizePool.bind(ipam), { name, cidr, dryRun });
  for (const warning of response.warnings) output.message(`warning: ${escaped(warning)}`);
  const { unchanged, change } = response;
  const did = verdict({ unchanged, dryRun }, 'resized', 'resize');
  await output.show({
    value: { pool: poolFromWire(requirePart(response.pool)), change, unchanged, dryRun },
    name,
    text: () => [`${did} pool ${escaped(name)}: ${change === '' ? cidr : escaped(change)}`],
  });
}

/** PoolSetOptions are the options of `pools set`. */
export type PoolSetOptions = {
  readonly quarantine?: number;
  /** 0: never. */
  readonly reclaimAfter?: number;
  readonly mode?: Mode;
  readonly followAddress?: 'on' | 'off';
  /** 0: none. */
  readonly dockerLength?: number;
  readonly dryRun: boolean;
};

/** setPool changes the settings of a pool. */
export async function setPool(
  { client, output }: CommandContext,
  options: PoolSetOptions,
  name: string,
): Promise<void> {
  const { quarantine, reclaimAfter, mode, followAddress, dockerLength, dryRun } = options;
  const response = await client.change((ipam) => ipam.setPool.bind(ipam), {
    name,
    dryRun,
    ...(quarantine === undefined ? {} : { quarantineSeconds: Math.ceil(quarantine / 1000) }),
    ...(reclaimAfter === undefined ? {} : { reclaimAfterSeconds: Math.ceil(reclaimAfter / 1000) }),
    ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
    ...(followAddress === undefined ? {} : { followAddress: followAddress === 'on' }),
    ...(dockerLength === undefined ? {} : { dockerLength }),
  });
  const { unchanged, change } = response;
  const did = verdict({ unchanged, dryRun }, 'changed', 'change');
  await output.show({
    value: { pool: poolFromWire(requirePart(response.pool)), change, unchanged, dryRun },
    name,
    text: () => [`${did} pool ${escaped(name)}${change === '' ? '' : `: ${escaped(change)}`}`],
  });
}
