// `xctl nodes add --adopt`: a host becomes a node when it joins, and keeps the subnet of a Docker network that it has.
import type { Mode } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import type { JoinToken__Output } from '../../proto/gen/xnet/v1/JoinToken.js';
import { wireFromMode } from '../../proto/rpc/convert.js';
import type { CommandContext } from '../client/context.js';
import { requirePart } from './change-response.js';
import { joinLines, joinWith } from './join-token.js';
import { labelsFrom } from './labels.js';

/** AdoptHostOptions are the options of `nodes add --adopt`. */
export type AdoptHostOptions = {
  readonly address: string;
  readonly pool?: string;
  readonly subnet?: string;
  readonly mode?: Mode;
  readonly label: readonly string[];
  /** File to write the join token to. */
  readonly tokenOut?: string;
  readonly dryRun: boolean;
};

/**
 * requireAdopting checks that a controller made the token for the host. One of an earlier version makes it for any host, which
 * would then get another subnet.
 * @throws XnetError FailedPrecondition
 */
export function requireAdopting(token: JoinToken__Output, name: string): JoinToken__Output {
  const { id, nodeName } = requirePart(token.record);
  if (nodeName === name) return token;
  throw new XnetError('FailedPrecondition', `this controller does not know --adopt: it made token ${id} for any host`, {
    hint: `revoke it: xctl tokens revoke ${id}; then upgrade all controllers`,
  });
}

/** adoptHost makes the join token with which a host becomes a node and keeps its network. */
export async function adoptHost(context: CommandContext, options: AdoptHostOptions, name: string): Promise<void> {
  const { client, output } = context;
  const { address, pool = '', subnet = '', mode, label, tokenOut, dryRun } = options;
  const adopt = {
    name,
    address,
    subnet,
    labels: labelsFrom(label),
    ...(mode === undefined ? {} : { mode: wireFromMode(mode) }),
  };
  const response = await client.change((admin) => admin.createToken.bind(admin), { pool, dryRun, adopt });
  const what = subnet === '' ? 'the subnet of its Docker network in a pool' : subnet;
  const keeps = `${name} keeps ${what} when it joins; nothing on it restarts`;
  const token = dryRun ? null : requireAdopting(requirePart(response.joinToken), name);
  const join = token === null ? null : await joinWith(context, token, tokenOut);
  await output.show({
    value: { node: null, adopt: { name, address, subnet: subnet === '' ? null : subnet }, dryRun, join },
    name,
    text: (look) => [
      dryRun ? `would add ${name}: ${keeps}` : keeps,
      ...(join === null ? [] : joinLines(join, `${name} (${address})`, look)),
    ],
  });
}
