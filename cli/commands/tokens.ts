// `xctl tokens`: join tokens.
import { byBeginning } from '../client/beginning.js';
import type { CommandContext } from '../client/context.js';
import { relisted, watchLists } from '../client/watch.js';
import { tokenFromWire, tokenKind } from '../output/token.js';
import { requirePart, verdict } from './change-response.js';
import { joinLines, joinWith, requireFree } from './join-token.js';

/** CreateTokenOptions are the options of `tokens create`. */
export type CreateTokenOptions = {
  readonly node?: string;
  readonly uses?: number;
  /** Milliseconds. */
  readonly ttl?: number;
  readonly pool?: string;
  readonly source?: string;
  /** File to write the token to. */
  readonly tokenOut?: string;
  readonly dryRun: boolean;
};

/** createToken creates a join token. */
export async function createToken(context: CommandContext, options: CreateTokenOptions): Promise<void> {
  const { client, output } = context;
  const { node = '', uses = 0, ttl = 0, pool = '', source = '', tokenOut, dryRun } = options;
  await requireFree(tokenOut);
  const response = await client.change((admin) => admin.createToken.bind(admin), {
    node,
    uses,
    pool,
    source,
    dryRun,
    ttlSeconds: Math.ceil(ttl / 1000),
  });
  const what = `a join token for ${node === '' ? 'any host' : node}`;
  if (dryRun) {
    return output.show({ value: { join: null, dryRun }, name: '', text: () => [`would make ${what}`] });
  }
  const join = await joinWith(context, requirePart(response.joinToken), tokenOut);
  const { record } = join;
  const times = record.uses === 1 ? 'once' : `${record.uses} times`;
  const from = record.source === null ? '' : `, from ${record.source}`;
  const where = record.node ?? 'each host';
  await output.show({
    value: { join, dryRun },
    name: record.id,
    text: (look) => [`made ${what}: ${record.id}, to be used ${times}${from}`, ...joinLines(join, where, look)],
  });
}

/** listTokens lists the unexpired tokens. */
export async function listTokens(context: CommandContext, { watch }: { readonly watch: boolean }): Promise<void> {
  const { client, output } = context;
  const load = async () => {
    const { tokens } = await client.read((admin) => admin.listTokens.bind(admin), {});
    return tokens.map(tokenFromWire);
  };
  if (watch) return watchLists(context, tokenKind, relisted(load));
  await output.list(tokenKind, await load());
}

/** revokeToken revokes a token. */
export async function revokeToken(
  { client, output }: CommandContext,
  { dryRun }: { readonly dryRun: boolean },
  text: string,
): Promise<void> {
  const { tokens } = await client.read((admin) => admin.listTokens.bind(admin), {});
  const { id } = byBeginning('token', tokens, (token) => token.id, text, 'xctl tokens list');
  await client.change((admin) => admin.revokeToken.bind(admin), { id, dryRun });
  const did = verdict({ unchanged: false, dryRun }, 'revoked', 'revoke');
  await output.show({
    value: { token: { id }, dryRun },
    name: id,
    text: () => [`${did} join token ${id}: hosts can no longer join with it`],
  });
}
