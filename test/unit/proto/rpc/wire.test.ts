// The wire stays compatible with the last release: what it had means the same in every later version.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { descriptor } from '../../../../proto/gen/descriptor.js';

type Described = {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, Method>>;
};
type Field = {
  readonly id: number;
  readonly type: string;
  readonly rule?: string;
  readonly keyType?: string;
  readonly options?: Readonly<Record<string, unknown>>;
};
type Method = {
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
};
/** By message, enum or service; then by field, value or call: "3 repeated Lease", "1", "AddNodeRequest → AddNodeResponse". */
type Wire = Readonly<Record<string, Readonly<Record<string, string>>>>;

function fieldText({ id, type, rule, keyType, options }: Field): string {
  const label = options?.['proto3_optional'] === true ? 'optional' : (rule ?? '');
  return [id, label, keyType === undefined ? type : `map<${keyType}, ${type}>`].filter((part) => part !== '').join(' ');
}

function methodText({ requestType, responseType, requestStream, responseStream }: Method): string {
  return `${requestStream === true ? 'stream ' : ''}${requestType} → ${responseStream === true ? 'stream ' : ''}${responseType}`;
}

function texts<T>(things: Readonly<Record<string, T>> | undefined, text: (thing: T) => string) {
  return Object.entries(things ?? {}).map(([name, thing]): [string, string] => [name, text(thing)]);
}

function wireOf(described: Readonly<Record<string, Described>>): Wire {
  return Object.fromEntries(
    Object.entries(described).map(([name, { fields, values, methods }]) => [
      name,
      Object.fromEntries([...texts(fields, fieldText), ...texts(values, String), ...texts(methods, methodText)]),
    ]),
  );
}

// The differences between `before` and `now`, and the numbers whose meaning changed.
function differencesOf(before: Wire, now: Wire): readonly string[] {
  return Object.entries(before).flatMap(([type, members]) =>
    Object.entries(members).flatMap(([name, was]) => {
      const is = now[type]?.[name];
      return is === was ? [] : [`${type}.${name}: ${was} in the release, ${is ?? 'missing'} now`];
    }),
  );
}

const now = wireOf(descriptor.nested.xnet.nested.v1.nested as Readonly<Record<string, Described>>);
// Written by wireOf from the descriptor of the release. A new release replaces it.
const release = JSON.parse(readFileSync('test/unit/proto/rpc/fixtures/released-wire.json', 'utf8')) as Wire;

test('C19 no field number, type, label, enum value or call of the last release has changed', (t) => {
  t.true(Object.keys(release).length > 80);
  t.deepEqual(differencesOf(release, now), []);
});

test('no number is used twice in one message or enum', (t) => {
  for (const [type, members] of Object.entries(now)) {
    const numbers = Object.values(members).flatMap((text) => /^\d+/.exec(text)?.[0] ?? []);
    t.is(new Set(numbers).size, numbers.length, type);
  }
});

test('a change of the wire is noticed', (t) => {
  const lease = release['Assignment'] ?? {};
  const changed = (members: Readonly<Record<string, string>>) =>
    differencesOf(release, { ...now, Assignment: members });
  t.deepEqual(changed({ ...lease, subnet: '60 string' }), [
    'Assignment.subnet: 6 string in the release, 60 string now',
  ]);
  t.deepEqual(changed({ ...lease, subnet: '6 repeated string' }).length, 1);
  t.deepEqual(changed({ ...lease, generation: '7 string' }).length, 1);
  const { pool: _pool, ...rest } = lease;
  t.deepEqual(changed({ ...rest, pools: '5 string' }), ['Assignment.pool: 5 string in the release, missing now']);
  t.deepEqual(changed({ ...lease, further: '99 string' }), []);
});
