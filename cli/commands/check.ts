// `xctl check`: sends packets between all nodes, and examines paths that do not carry them.
// Nodes that are removed meanwhile are left out, and said. Invariant: at most 32 nodes are asked at a time, each one question at a time, and at most 16 paths are examined.
import { randomInt } from 'node:crypto';
import { escaped } from '../../proto/domain/text.js';
import { exitCodes, XnetError } from '../../proto/errors.js';
import type { CommandContext } from '../client/context.js';
import { askThrough } from '../client/look.js';
import type { PathEnd } from '../diagnosis/examination.js';
import { type Ask, examine } from '../diagnosis/examine.js';
import {
  countsOf,
  findingOf,
  type MeshFinding,
  nextToExamine,
  type Pair,
  passText,
  questionsOf,
} from '../diagnosis/mesh.js';
import { verdictOf } from '../diagnosis/verdict.js';
import { awayFinding, meshFindingKind, notExamined, notProbed } from '../output/mesh.js';
import { isAway, nodeFromWire } from '../output/node.js';
import { ProgressLine } from '../output/screen.js';

const mostAtATime = 32;
const mostExamined = 16;
const requests = 2;

/** CheckMeshOptions are the options of `check`. */
export type CheckMeshOptions = { readonly sample?: number };

type Mesh = {
  readonly pairs: Pair[];
  readonly findings: MeshFinding[];
  /** Names of the nodes that were removed, or renamed, since they were listed. */
  readonly gone: Set<string>;
  /** The nodes that each node has sent packets to, by their names. */
  readonly sent: Map<string, string[]>;
};

function askNoting(ask: Ask, gone: Set<string>): Ask {
  return async (node, question) => {
    try {
      return await ask(node, question);
    } catch (error) {
      if (!(error instanceof XnetError) || error.code !== 'NotFound') throw error;
      gone.add(node);
      throw new XnetError('FailedPrecondition', `${node} was removed or renamed meanwhile`);
    }
  };
}

/** checkMesh lists what keeps packets from passing between nodes; exit code 8 if something does. */
export async function checkMesh(context: CommandContext, { sample }: CheckMeshOptions): Promise<void> {
  const { client, output, settings } = context;
  const { nodes } = await client.read((admin) => admin.listNodes.bind(admin), { summary: false });
  const ends = nodes.map(nodeFromWire).flatMap((node): readonly PathEnd[] => {
    const lease = node.leases.find(({ state }) => state === 'in force');
    if (node.state === 'pending' || lease === undefined) return [];
    const { name, address } = node;
    // In mode lan the gateway is the LAN's router, which would answer for the node.
    const at = lease.lan === null ? { address: lease.gateway, subnet: lease.subnet } : { address, subnet: '' };
    return [{ node: name, nodeAddress: address, container: '', ...at, connected: !isAway(node), static: false }];
  });
  const connected = ends.filter((end) => end.connected);
  const away = ends.filter((end) => !end.connected).map(awayFinding);
  const mesh: Mesh = { pairs: [], findings: away, gone: new Set(), sent: new Map() };
  const line = new ProgressLine(settings.quiet ? { write: () => undefined } : process.stderr);
  const ask = askNoting(askThrough(client), mesh.gone);
  try {
    let done = 0;
    const step = Math.ceil(connected.length / 20);
    await eachOf(connected, mostAtATime, async (source) => {
      await probeFrom(ask, mesh, source, questionsOf(connected, source, { sample, random: Math.random }));
      done += 1;
      if (done % step === 0) line.set(`${done} of ${connected.length} nodes have sent packets`);
    });
    await noteGone(context, mesh, ends);
    await examineLost(ask, mesh, (text) => line.set(text));
    await noteGone(context, mesh, ends);
  } finally {
    line.end();
  }
  const { pairs, sent } = mesh;
  const findings = mesh.findings.filter(({ node, from, to }) => ![node, from, to].some((name) => mesh.gone.has(name)));
  const gone = [...mesh.gone].sort();
  if (gone.length > 0) output.message(`removed or renamed meanwhile, so left out: ${escaped(gone.join(', '))}`);
  const counts = {
    ...countsOf(
      connected.map(({ node }) => node),
      sent,
      mesh.gone,
    ),
    lost: pairs.filter(isThere(mesh)).length,
    gone,
  };
  if (output.forPeople && findings.length === 0) output.write(passText(counts));
  else await output.list(meshFindingKind, findings, counts);
  if (findings.length > 0) process.exitCode = exitCodes.problemsFound;
}

// A node that is removed loses its routes and its stream, which looks like faults of paths.
async function noteGone({ client }: CommandContext, mesh: Mesh, ends: readonly PathEnd[]): Promise<void> {
  if (mesh.findings.length === 0 && mesh.pairs.length === 0) return;
  const { nodes } = await client.read((admin) => admin.listNodes.bind(admin), { summary: true });
  const names = new Set(nodes.map(({ name }) => name));
  for (const { node } of ends) if (!names.has(node)) mesh.gone.add(node);
}

function isThere({ gone }: Mesh): (pair: Pair) => boolean {
  return ({ source, target }) => !gone.has(source.node) && !gone.has(target.node);
}

async function eachOf<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

async function probeFrom(
  ask: Ask,
  mesh: Mesh,
  source: PathEnd,
  questions: readonly (readonly PathEnd[])[],
): Promise<void> {
  for (const targets of questions) {
    const to = targets.map(({ address }) => address);
    const probe = { from: source.address, to, identifier: randomInt(1, 0x10000), count: requests };
    try {
      const { probe: seen, problem } = await ask(source.node, { probe });
      if (seen === null) {
        mesh.findings.push(notProbed(source.node, problem));
        return;
      }
      const sent = mesh.sent.get(source.node) ?? [];
      mesh.sent.set(source.node, sent);
      for (const [index, target] of targets.entries()) {
        sent.push(target.node);
        const { replies = [], longestSent = 0, longestAnswered = 0 } = seen.echoes[index] ?? {};
        if (replies.length === 0 || longestAnswered < longestSent) mesh.pairs.push({ source, target });
      }
    } catch (error) {
      // Its daemon disconnected, or is too old to answer questions about paths.
      if (!(error instanceof XnetError) || error.code !== 'FailedPrecondition') throw error;
      if (!mesh.gone.has(source.node)) mesh.findings.push(notProbed(source.node, error.message));
      return;
    }
  }
}

async function examineLost(ask: Ask, mesh: Mesh, onProgress: (text: string) => void): Promise<void> {
  const { pairs, findings } = mesh;
  const there = isThere(mesh);
  let left: readonly Pair[] = pairs;
  for (let examined = 0; examined < mostExamined; examined += 1) {
    const pair = nextToExamine(left, findings);
    if (pair === undefined) return;
    onProgress(`examining ${pair.source.node} → ${pair.target.node}`);
    const verdict = verdictOf(await examine(ask, pair, { count: requests, identifier: randomInt(1, 0x10000) }));
    left = left.filter((each) => each !== pair && there(each));
    // It was lost by chance, or has been repaired since.
    if (verdict.reason !== 'Fine' && there(pair)) findings.push(findingOf(verdict, pair, pairs.filter(there)));
  }
  const rest = left.filter((pair) => there(pair) && nextToExamine([pair], findings) !== undefined);
  if (rest.length > 0) findings.push(notExamined(rest));
}
