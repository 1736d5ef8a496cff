// daemon.json: every fixture gives exactly the bytes or the refusal that its manifest entry names, and whatever is
// edited can be edited back.
import test from 'ava';
import fc from 'fast-check';
import { bipIn, removeBip, setBip } from '../../../../../node/docker/bip/daemon-json.js';
import { type Bip, bipsEqual, parseBip } from '../../../../../node/docker/engine/bip-value.js';
import { largestFile } from '../../../../../node/docker/engine/json-document.js';
import { prefixOf } from '../../../../../proto/domain/address.js';
import { fixtureBytes, fixtures } from '../../../../support/daemon-json-fixtures.js';

function bip(text: string): Bip {
  const parsed = parseBip(text);
  if (parsed === undefined) throw new TypeError(`not a bip: ${text}`);
  return parsed;
}

const wanted = bip('10.76.3.1/24');
const inBlock: Bip = { ...wanted, networks: { base: prefixOf(wanted.address, 20), size: 26 } };

// The faults that fixtures are about, by their names.
const faults: readonly (readonly [RegExp, string])[] = [
  [/^(comment|trailing-comma)/, 'N8 fixture'],
  [/^(bom|utf16|crlf|no-final-newline)/, 'N9 fixture'],
  [/twice/, 'N10 fixture'],
  [/^(absent|empty|white-space)/, 'N14 fixture'],
];

for (const fixture of fixtures) {
  const [, title = 'fixture'] = faults.find(([names]) => names.test(fixture.name)) ?? [];
  test(`${title} ${fixture.name}`, (t) => {
    const input = fixtureBytes(fixture.input);
    const ours = fixture.ours === undefined ? undefined : bip(fixture.ours);
    const result = fixture.edit === 'set' ? setBip(input, wanted, ours) : removeBip(input, ours ?? wanted);
    if (fixture.refused !== undefined) {
      if (!('refused' in result)) return t.fail(`not refused: ${result.bytes}`);
      const { refused, line, column } = fixture;
      t.like(result, { refused, line, column });
      const said = `${result.message}; fix: ${result.fix}`;
      t.true(result.fix.length > 0);
      return t.true(said.includes(fixture.says ?? '?'), said);
    }
    if ('refused' in result) return t.fail(`refused ${result.line}:${result.column} ${result.message}`);
    t.is(result.changed, fixture.unchanged !== true);
    const expected = fixture.unchanged === true ? input : fixtureBytes(fixture.output);
    return t.deepEqual(result.bytes, expected ?? Buffer.alloc(0));
  });
}

test('there are at least 40 fixtures of each kind', (t) => {
  t.true(fixtures.filter((fixture) => fixture.refused !== undefined).length >= 40);
  t.true(fixtures.filter((fixture) => fixture.refused === undefined).length >= 40);
});

test('a file of more than 1 MiB is refused before it is parsed', (t) => {
  const large = Buffer.from(`{"labels": ["a=${'x'.repeat(largestFile)}"]}`);
  t.like(setBip(large, wanted, undefined), { refused: 'TooLarge' });
  const fits = Buffer.from(`{"labels": ["a=${'x'.repeat(largestFile - 100)}"]}`);
  t.like(setBip(fits, wanted, undefined), { changed: true });
});

// Objects as people and programs write them: any layout, any encoding.
const whiteSpace = fc.constantFrom('', ' ', '\n', '\n  ', '\r\n\t', '  \n    ');
const json = fc.json({ maxDepth: 3 });
const object = fc
  .tuple(
    fc.uniqueArray(
      fc.tuple(fc.constantFrom('mtu', 'labels', 'log-opts', 'é"\\', 'hosts', ''), json, whiteSpace, whiteSpace),
      { selector: ([key]) => key, maxLength: 5 },
    ),
    whiteSpace,
    whiteSpace,
  )
  .map(([properties, start, end]) => {
    const pairs = properties.map(([key, value, before, around]) => {
      return `${before}${JSON.stringify(key)}${around}:${around}${value}${around}`;
    });
    return `${start}{${pairs.join(',')}${end}}${end}`;
  });
const file = fc
  .tuple(object, fc.constantFrom('utf8', 'utf8-bom', 'utf16le', 'utf16be'))
  .map(([text, encoding]): Buffer => {
    if (encoding === 'utf8') return Buffer.from(text);
    if (encoding === 'utf8-bom') return Buffer.from(`\ufeff${text}`);
    const units = Buffer.from(`\ufeff${text}`, 'utf16le');
    return encoding === 'utf16le' ? units : units.swap16();
  });

test('removing the bip restores the former bytes, and the range for networks with it', (t) => {
  fc.assert(
    fc.property(file, fc.constantFrom(wanted, inBlock), (bytes, each) => {
      const set = setBip(bytes, each, undefined);
      if ('refused' in set) throw new Error(set.message);
      const removed = removeBip(set.bytes, each);
      if ('refused' in removed) throw new Error(removed.message);
      return removed.bytes.equals(bytes) && bipsEqual(bipIn(set.bytes), each) && set.changed && removed.changed;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('N7 an edit keeps the other keys and adds the bip', (t) => {
  fc.assert(
    fc.property(object, fc.boolean(), (text, replaced) => {
      const former = bip('10.76.9.1/24');
      const first = setBip(Buffer.from(text), replaced ? former : wanted, undefined);
      if ('refused' in first) throw new Error(first.message);
      const second = setBip(first.bytes, wanted, former);
      if ('refused' in second) throw new Error(second.message);
      const { bip: value, ...others } = JSON.parse(second.bytes.toString());
      t.deepEqual(others, JSON.parse(text));
      return value === '10.76.3.1/24' && second.changed === replaced;
    }),
    { numRuns: 1000 },
  );
});

test('whatever the bytes are, the answer is an edit that JSON.parse reads, or a refusal with a place', (t) => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc
      .array(
        fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '"bip"', '"a"', '\\', '1', 'null', ' ', '\n', '/*', '//'),
      )
      .map((parts) => Buffer.from(parts.join(''))),
  );
  fc.assert(
    fc.property(noise, (bytes) => {
      const result = setBip(bytes, wanted, undefined);
      if ('refused' in result) return result.line >= 1 && result.column >= 1 && result.message !== '';
      const utf16 = result.bytes[0] === 0xff || result.bytes[0] === 0xfe;
      return utf16 || JSON.parse(result.bytes.toString().replace('\ufeff', '')).bip === '10.76.3.1/24';
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('in mode block, ranges for networks that xnet did not set are refused, and only ours change', (t) => {
  const text = (bytes: Buffer | undefined, bip: Bip, ours?: Bip) => {
    const set = setBip(bytes, bip, ours);
    return 'refused' in set ? `${set.refused} ${set.line}: ${set.fix}` : set.bytes.toString();
  };
  const made = text(Buffer.from('{\n  "mtu": 1400\n}\n'), inBlock);
  t.is(
    made,
    '{\n  "mtu": 1400,\n  "bip": "10.76.3.1/24",\n  "default-address-pools": [{"base":"10.76.0.0/20","size":26}]\n}\n',
  );
  t.is(text(Buffer.from(made), inBlock), made, 'the same value that xnet did not set serves');
  const other: Bip = { ...wanted, networks: { base: prefixOf(wanted.address, 20), size: 27 } };
  t.regex(
    text(Buffer.from(made), other),
    /^AddressPoolsByHand 4: remove the key "default-address-pools", or use mode bip/,
  );
  t.true(text(Buffer.from(made), other, inBlock).includes('"size":27'));
  t.is(text(Buffer.from(made), wanted, inBlock), '{\n  "mtu": 1400,\n  "bip": "10.76.3.1/24"\n}\n', 'to mode bip');
  const two = '{"default-address-pools": [{"base":"10.76.0.0/20","size":26},{"base":"10.99.0.0/16","size":24}]}';
  t.regex(text(Buffer.from(two), inBlock), /^AddressPoolsByHand 1/);
  t.true(text(Buffer.from(two), wanted).startsWith(two.slice(0, -1)), 'in mode bip they stay');
});
