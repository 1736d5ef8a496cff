// Parses the pools and the admin name of `xctl init`. Pure.
import { type Prefix, prefixesOverlap } from '../../proto/domain/address.js';
import { checkName, checkPrefix, Problems } from '../../proto/domain/input.js';
import { quoted } from '../../proto/domain/text.js';
import { throwIfAny } from '../../proto/errors.js';
import { checkPersonId } from '../../proto/pki/identity.js';

/** FirstPool is a pool to create: "default", "10.76.0.0/16". */
export type FirstPool = { readonly name: string; readonly cidr: string };

type Parsed = FirstPool & { readonly prefix: Prefix };

function clashes(pools: readonly Parsed[]): readonly string[] {
  return pools.flatMap((pool, index) =>
    pools.slice(0, index).flatMap((other) => {
      if (other.name === pool.name) return [`--pool: there are two ranges for pool ${pool.name}`];
      return prefixesOverlap(other.prefix, pool.prefix) ? [`--pool: ${pool.cidr} overlaps ${other.cidr}`] : [];
    }),
  );
}

/**
 * poolsFrom parses the words of --pool: a range, or a name and its range. A range without a name is the pool "default".
 * @param admin name of the first admin; undefined if not set
 * @throws XnetError InvalidArgument with every problem
 */
export function poolsFrom(words: readonly string[], admin: string | undefined): readonly FirstPool[] {
  const problems = new Problems();
  const pools: Parsed[] = [];
  let name: string | undefined;
  const nameless = () => {
    if (name !== undefined) problems.add(`--pool: ${quoted(name)} has no range: --pool ${name} 10.76.0.0/16`);
  };
  for (const word of words) {
    if (!word.includes('/')) {
      nameless();
      name = problems.take('--pool', checkName(word));
      continue;
    }
    const prefix = problems.take('--pool', checkPrefix(word));
    if (prefix !== undefined) pools.push({ name: name ?? 'default', cidr: word, prefix });
    name = undefined;
  }
  nameless();
  for (const problem of clashes(pools)) problems.add(problem);
  if (admin !== undefined) problems.take('--name', checkPersonId(admin));
  throwIfAny(problems.list, 'invalid command line');
  return pools.map((pool) => ({ name: pool.name, cidr: pool.cidr }));
}

/** adminName returns the default name of the first admin: the user who called sudo, or "admin". */
export function adminName(env: NodeJS.ProcessEnv): string {
  const user = env['SUDO_USER'];
  return user !== undefined && user !== 'root' && 'value' in checkPersonId(user) ? user : 'admin';
}
