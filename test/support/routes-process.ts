// A process that maintains routes in a namespace, for tests that kill it. Arguments: namespace path, interface index of
// eth0, number of peers. Prints "converged N" after a turn that made N changes, then waits to be killed.
import { openLinuxRouteKernel } from '../../node/kernel/linux-route-kernel.js';
import { KernelMirror } from '../../node/kernel/mirror.js';
import { Poller } from '../../node/kernel/poller.js';
import { Routes } from '../../node/routes/routes.js';
import { manyPeers, wanted } from './route-fixtures.js';

const [namespace, ifindex, count] = process.argv.slice(2);
const kernel = openLinuxRouteKernel({ poller: new Poller(), namespace });
const mirror = new KernelMirror({ kernel, protocol: 88 });
const routes = new Routes({ kernel, mirror });
const desired = wanted({ peers: manyPeers(Number(count)), ifindex: Number(ifindex) });
const { changes } = await routes.converge(desired, new AbortController().signal);
console.log(`converged ${changes}`);
