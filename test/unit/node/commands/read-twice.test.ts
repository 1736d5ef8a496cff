// When two readings of the kernel count as different.
import test from 'ava';
import { readTwice } from '../../../../node/commands/read-twice.js';
import { KernelMirror } from '../../../../node/kernel/mirror.js';
import type { SecondReading } from '../../../../node/kernel/second-reader.js';
import { MemoryRouteHost } from '../../../support/memory-route-host.js';

test('a difference is reported once every reading has one, not while the kernel changes', async (t) => {
  const host = new MemoryRouteHost();
  const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
  const linksNow = (): Map<number, string> => new Map([...host.links].map(([ifindex, { name }]) => [ifindex, name]));
  const reading = (links: ReadonlyMap<number, string>): SecondReading => ({ links, routes: [] });
  const read = (readings: (() => SecondReading)[]) => {
    const [last = () => reading(new Map())] = readings.slice(-1);
    let count = 0;
    const readAgain = async () => {
      count += 1;
      return (readings.shift() ?? last)();
    };
    return readTwice({ mirror, readAgain }, 88).then((texts) => ({ texts, count }));
  };
  host.addLink('eth0');
  t.deepEqual(await read([() => reading(linksNow())]), { texts: [], count: 1 });
  // An interface that comes between the two readings is in the next ones of both.
  const late = () => {
    host.addLink('eth1');
    return reading(linksNow());
  };
  t.deepEqual(await read([late, () => reading(linksNow())]), { texts: [], count: 2 });

  const without = () => reading(new Map([...linksNow()].filter(([, name]) => name !== 'eth1')));
  const { texts, count } = await read([without]);
  t.deepEqual(texts, [
    'two readings of the kernel differ (interface 3 eth1: in the mirror only): please report this with the output of ip -d route',
  ]);
  t.true(count > 1);
  const { texts: many } = await read([() => reading(new Map([...linksNow(), [9, 'eth9'], [1, 'lo9']]))]);
  t.is(many.length, 1);
  t.regex(many[0] ?? '', /\(interface 1 lo9: listed by node-netlink only, and 2 more\)/);
});
