// Alternately writes two identities over that of the first state directory until it is killed; prints a byte for each.
import { readIdentity, writeIdentity } from '../../node/identity/folder.js';

const [target = '', other = ''] = process.argv.slice(2);
const identities = [await readIdentity(target), await readIdentity(other)];
for (let turn = 0; ; turn++) {
  const identity = identities[turn % 2];
  if (identity === undefined) throw new Error('no identity to write');
  await writeIdentity(target, identity);
  process.stdout.write('.');
}
