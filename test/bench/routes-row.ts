// The rows of routes.ts.
import { type BenchPart, ms } from './figure.js';
import { benchRoutes } from './routes.js';

/** routesPart measures how quickly routes get into a kernel. */
export const routesPart: BenchPart = {
  rows: ['routes'],
  async run({ quick, tell }) {
    const { ipBatchMs, addedMs, addedFirstMs } = await benchRoutes(quick ? 3 : 11);
    const ratio = ipBatchMs / addedMs;
    tell({
      row: 'routes',
      what: '10,000 routes into the kernel',
      ours: `${ms(addedMs)}; first in a new process ${ms(addedFirstMs)}`,
      limit: `ip -batch, the same next hops and routes: ${ms(ipBatchMs)}`,
      ratio,
      aim: '>= 1.5 x the rate',
      met: ratio >= 1.5,
    });
  },
};
