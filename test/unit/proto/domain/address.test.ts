import test from 'ava';
import fc from 'fast-check';
import {
  formatIpv4,
  formatPrefix,
  gatewayOf,
  isPrivate,
  lastAddress,
  parseIpv4,
  parsePrefix,
  prefixContains,
  prefixCovers,
  prefixesOverlap,
  prefixFromKey,
  prefixKey,
  specialRange,
  subnetAt,
  subnetCount,
  subnetIndex,
  subnetKeyAt,
} from '../../../../proto/domain/address.js';
import {
  checkAddress,
  checkInterfaceName,
  checkLabel,
  checkName,
  checkPrefix,
  checkText,
  quoted,
} from '../../../../proto/domain/input.js';
import { anyIpv4, anyPrefix, poolShape } from '../../../support/arbitrary.js';

test('addresses and prefixes survive formatting and parsing', (t) => {
  fc.assert(fc.property(anyIpv4, (address) => parseIpv4(formatIpv4(address)) === address));
  fc.assert(
    fc.property(anyPrefix, (prefix) => {
      t.deepEqual(parsePrefix(formatPrefix(prefix)), prefix);
      t.deepEqual(prefixFromKey(prefixKey(prefix)), prefix);
    }),
  );
});

test('invalid addresses are refused', (t) => {
  for (const text of [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.04',
    '01.2.3.4',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '::1',
  ]) {
    t.is(parseIpv4(text), undefined, text);
  }
  for (const text of [
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.1/24',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
  ]) {
    t.is(parsePrefix(text), undefined, text);
  }
});

test('covering, overlapping and containing agree with first and last addresses', (t) => {
  fc.assert(
    fc.property(anyPrefix, anyPrefix, (a, b) => {
      const covers = a.network <= b.network && lastAddress(a) >= lastAddress(b);
      const overlaps = a.network <= lastAddress(b) && b.network <= lastAddress(a);
      t.is(prefixCovers(a, b), covers);
      t.is(prefixesOverlap(a, b), overlaps);
    }),
  );
  fc.assert(
    fc.property(anyPrefix, anyIpv4, (prefix, address) => {
      t.is(prefixContains(prefix, address), prefix.network <= address && address <= lastAddress(prefix));
    }),
  );
});

test('a pool is exactly its subnets', (t) => {
  fc.assert(
    fc.property(poolShape, ({ cidr, subnetLength, count }) => {
      t.is(subnetCount(cidr, subnetLength), count);
      let next: number = cidr.network;
      for (let index = 0; index < count; index++) {
        const subnet = subnetAt(cidr, subnetLength, index);
        t.is(subnetKeyAt(cidr, subnetLength, index), prefixKey(subnet));
        t.is(subnet.network, next as typeof subnet.network);
        t.is(subnetIndex(cidr, subnet), index);
        t.true(prefixContains(subnet, gatewayOf(subnet)));
        next = lastAddress(subnet) + 1;
      }
      t.is(next - 1, lastAddress(cidr));
    }),
  );
});

test('unusable and public ranges are recognised', (t) => {
  const prefix = (text: string) => parsePrefix(text) ?? t.fail(text);
  const of = (text: string) => {
    const parsed = prefix(text);
    return typeof parsed === 'boolean' ? undefined : parsed;
  };
  const loopback = of('127.0.0.0/16');
  const documentation = of('203.0.113.0/24');
  const lan = of('192.168.0.0/16');
  t.regex(loopback === undefined ? '' : (specialRange(loopback) ?? ''), /loopback/);
  t.false(documentation !== undefined && isPrivate(documentation));
  t.true(lan !== undefined && isPrivate(lan));
  const borrowed = of('172.172.0.0/16');
  t.false(borrowed !== undefined && isPrivate(borrowed), 'people use it, and it is public');
});

test('unsafe names are refused', (t) => {
  for (const name of ['web-1', 'a', 'db.eu-1', 'x'.repeat(63)]) t.true('value' in checkName(name), name);
  for (const name of [
    '',
    '-a',
    'a-',
    'Web',
    'a b',
    'a;rm -rf /',
    '../x',
    'a..b',
    'x'.repeat(64),
    'a\n',
    'a\u001b[31m',
    'ä',
  ]) {
    const checked = checkName(name);
    t.true('problem' in checked, name);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is what is tested
    if ('problem' in checked) t.notRegex(checked.problem, /[\u0000-\u001f\u007f]/);
  }
  for (const name of ['eth0', 'enp1s0', 'bond0.100', 'br-3f']) t.true('value' in checkInterfaceName(name), name);
  for (const name of ['', 'a b', '.x', 'x'.repeat(16), 'eth0;', 'eth/0'])
    t.true('problem' in checkInterfaceName(name), name);
  t.true('value' in checkLabel('zone', 'eu-1'));
  t.true('problem' in checkLabel('Zone', 'x'));
  t.true('problem' in checkLabel('zone', 'x y'));
  t.true('value' in checkText('the printers, ask Ann'));
  t.true('problem' in checkText('two\nlines'));
});

test('host bits are distinguished from garbage', (t) => {
  t.deepEqual(checkPrefix('10.76.0.1/16'), { problem: '"10.76.0.1/16" has host bits set: did you mean 10.76.0.0/16?' });
  for (const text of ['10.76/16', 'garbage', '10.76.0.0', '::/64', '300.1.1.1/8', '10.76.0.0/40']) {
    const checked = checkPrefix(text);
    t.true('problem' in checked && /not a CIDR/.test(checked.problem), text);
  }
});

test('addresses that no host can use are refused', (t) => {
  for (const text of ['0.1.2.3', '127.0.0.1', '224.0.0.1', '255.255.255.255', 'web-1', '1.2.3']) {
    t.true('problem' in checkAddress(text), text);
  }
  t.true('value' in checkAddress('192.168.83.11'));
});

test('untrusted text is shown without terminal control characters', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is what is tested
      t.notRegex(quoted(text), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      t.true(quoted(text).length < 600);
    }),
  );
});
