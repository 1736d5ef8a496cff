// What identifies the content of a request: the same in every version, as a repeated call may reach a newer controller.
import { createHash } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { requestDigest } from '../../../../controller/registry/operation.js';

// As JSON.stringify would order and leave out fields.
function digestByJson(request: object): string {
  const text = JSON.stringify(request, (field, value: unknown) => {
    if (field === 'operationId' || field === 'dryRun') return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(text).digest('base64url');
}

const names = fc.constantFrom('name', 'labels', 'operationId', 'dryRun', 'address', '10', '9', '');
const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.constant(Buffer.from('ab')),
);
const { request } = fc.letrec<{ request: object; value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('request')),
  request: fc.dictionary(names, tie('value'), { maxKeys: 5 }),
}));

test('the digest of a request is that of its JSON with ordered fields', (t) => {
  fc.assert(
    fc.property(request, (each) => t.is(requestDigest(each), digestByJson(each))),
    { numRuns: 500 },
  );
});
