// Controllers and members of their etcd that die, stop, lose each other or are slow, one fault after the other on one
// cluster: three etcd members with TLS and authentication, two controllers, and a node that watches all the time.
// Invariant: no revision of the store shows two leases that overlap, and each requested change is made once.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { pause } from '../../proto/process/backoff.js';
import { overlapsIn } from '../support/controller.js';
import { ControllerProcess, steppedMain } from '../support/controller-process.js';
import { EtcdCluster } from '../support/etcd-cluster.js';
import { historyOf } from '../support/etcd-history.js';
import { retry } from '../support/opened.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { until } from '../support/until.js';

const cluster = await EtcdCluster.start(true);
const a = await ControllerProcess.startWithAuthority(cluster.controllerArgs(), steppedMain);
const b = await ControllerProcess.startBeside(a, cluster.controllerArgs());
await a.createPool();
const { node: first } = await b.addNode('web-0', '192.168.83.1');
const node = new SimulatedNode(await b.joined('web-0'), 'web-0').watch();

test.after.always(async () => {
  node.leaveStream();
  await Promise.all([a.close(), b.close()]);
  await cluster.close();
});

let hosts = 1;
/** A name and an address that no node has had. */
function another() {
  hosts += 1;
  return { name: `web-${hosts}`, address: `192.168.83.${hosts}` } as const;
}

const subnetsOf = async (controller: ControllerProcess) =>
  new Map((await controller.nodes()).map(({ name, subnet }) => [name, subnet]));

test.serial('C1 a controller that is killed before its transaction has changed nothing', async (t) => {
  const before = await subnetsOf(b);
  const { name, address } = another();
  a.stepsAt('alloc.beforeTxn', 'SIGKILL');
  await t.throwsAsync(a.addNode(name, address, { operationId: name }));
  await a.exited();
  t.deepEqual(await subnetsOf(b), before);
  const { node: added } = await b.addNode(name, address, { operationId: name });
  t.is((await subnetsOf(b)).get(name), added?.subnet);
  t.is((await b.nodes()).length, before.size + 1);
  await a.launch();
  await a.ready();
});

test.serial('C2 a controller is killed after its transaction: the same call finds what it has done', async (t) => {
  const before = await subnetsOf(b);
  const { name, address } = another();
  a.stepsAt('alloc.afterTxn', 'SIGKILL');
  await t.throwsAsync(a.addNode(name, address, { operationId: name }));
  await a.exited();
  await until('the other one has it', async () => (await b.nodes()).some((each) => each.name === name));
  const subnet = (await subnetsOf(b)).get(name);
  const { node: again } = await b.addNode(name, address, { operationId: name });
  t.is(again?.subnet, subnet);
  t.is((await b.nodes()).length, before.size + 1);
  await a.launch();
  await a.ready();
});

test.serial('C3 a controller that was stopped before its transaction decides again', async (t) => {
  const [late, other] = [another(), another()];
  a.stepsAt('alloc.beforeTxn', 'SIGSTOP');
  const waiting = a.addNode(late.name, late.address, { operationId: late.name });
  // proc(5): the state follows the name. Until then, the other one may not have seen the one that was just started.
  const isStopped = () => / \(.*\) T /.test(readFileSync(`/proc/${a.pid}/stat`, 'utf8'));
  await until('it has stopped', async () => isStopped());
  await b.until('it is taken for dead', ({ controllers }) => controllers.length === 1);
  // The subnet that the other controller has chosen but not leased, and the call that it has not answered.
  const { node: taken } = await b.addNode(other.name, other.address);
  const { node: asked } = await b.addNode(late.name, late.address, { operationId: late.name });
  a.signal('SIGCONT');
  const answered = await waiting;
  t.deepEqual([answered.node?.id, answered.node?.subnet], [asked?.id, asked?.subnet]);
  t.not(taken?.subnet, asked?.subnet);
  await a.until('it is back', ({ controllers }) => controllers.length === 2);
  t.is((await a.nodes()).filter(({ name }) => name === late.name).length, 1);
});

/**
 * Adds nodes through both controllers, repeats what fails with its operation id, and returns their number.
 * @param onAdded is called after each
 */
async function addMany(count: number, onAdded: () => void = () => undefined): Promise<number> {
  const add = async (controller: ControllerProcess) => {
    const { name, address } = another();
    await retry(() => controller.addNode(name, address, { operationId: name }));
    onAdded();
  };
  await Promise.all(
    [a, b].map(async (controller) => {
      for (let index = 0; index < count; index++) await add(controller);
    }),
  );
  return 2 * count;
}

const endedStreams = () => node.heard.filter(({ kind }) => kind === 'ended').length;
const routed = (count: number) => node.until(`${count} routes`, () => node.routes().length === count - 1);

test.serial('C6 the etcd leader is killed: nothing is lost or done twice, and no stream of a node ends', async (t) => {
  const ended = endedStreams();
  const before = (await b.nodes()).length;
  const leader = cluster.leader();
  const adding = addMany(15);
  await node.until('it has begun', () => node.routes().length > before);
  await cluster.kill(leader);
  const added = await adding;
  t.is((await b.nodes()).length, before + added);
  await routed(before + added);
  t.is(endedStreams(), ended);
  await cluster.launch(leader);
  await b.until('it is back', ({ problems }) => problems.length === 0);
});

test.serial('C7 etcd without a quorum: lists go on, changes are refused, streams and routes stay', async (t) => {
  const ended = endedStreams();
  const before = await subnetsOf(b);
  const routes = node.routes();
  const [left, ...gone] = cluster.members;
  t.truthy(left);
  await Promise.all(gone.map((member) => cluster.kill(member)));
  for (const controller of [a, b]) {
    await controller.until('it is noticed', ({ problems }) =>
      problems.some(({ text }) => /nothing can be changed|lost its store/.test(text)),
    );
    const { name, address } = another();
    await t.throwsAsync(controller.addNode(name, address), { message: /etcd|store/ });
    t.deepEqual(await subnetsOf(controller), before);
  }
  t.deepEqual(node.routes(), routes);
  t.is(endedStreams(), ended);
  await Promise.all(gone.map((member) => cluster.launch(member)));
  await b.until('all is well', ({ problems }) => problems.length === 0);
  const { name, address } = another();
  await retry(() => b.addNode(name, address, { operationId: name }));
  await routed(before.size + 1);
});

test.serial('C10 etcd is defragmented, and its disks are slow: each request takes effect once', async (t) => {
  const before = (await b.nodes()).length;
  let done = false;
  let made = 0;
  const adding = addMany(10, () => {
    made += 1;
  }).finally(() => {
    done = true;
  });
  // A member that waits for its disk answers no call: here all of them at once, most of the time.
  const slow = (async () => {
    while (!done) {
      for (const member of cluster.members) cluster.signal(member, 'SIGSTOP');
      await pause(400);
      const seen = made;
      for (const member of cluster.members) cluster.signal(member, 'SIGCONT');
      await pause(100);
      // The processors of a busy machine may leave the members no time within that.
      for (let more = 0; more < 20 && !done && made === seen; more++) await pause(100);
    }
  })();
  const added = await adding;
  await slow;
  // Each member in turn rewrites its file, and answers nobody meanwhile, while changes go on.
  let isDefragmented = false;
  const more = (async () => {
    let count = 0;
    while (!isDefragmented) count += await addMany(2);
    return count;
  })();
  for (const member of cluster.members) await cluster.defragment(member);
  isDefragmented = true;
  const all = before + added + (await more);
  t.is((await b.nodes()).length, all);
  await routed(all);
});

test.serial('C4 over all of it no two leases overlap, at any revision', async (t) => {
  t.is(first?.subnet, '10.76.0.0/24');
  t.deepEqual(overlapsIn(await historyOf(cluster.endpoint, cluster.rootFlags)), []);
  const subnets = [...(await subnetsOf(a)).values()];
  t.is(new Set(subnets).size, subnets.length);
});
