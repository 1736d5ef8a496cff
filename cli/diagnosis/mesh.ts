// Plans the check of a whole mesh, and groups its findings. Pure but for the given source of randomness.
// Invariant: a node sends to at most 64 others in one question, and no pair of nodes is in the plan twice.
import { counted } from '../../proto/domain/text.js';
import type { PathEnd } from './examination.js';
import type { PathVerdict } from './reasons.js';

/** Pair is a path of the mesh that did not carry packets. */
export type Pair = { readonly source: PathEnd; readonly target: PathEnd };

/** MeshFinding is the cause of one or more failed paths. */
export type MeshFinding = PathVerdict & {
  /** Names of the nodes of the path that was examined. */
  readonly from: string;
  readonly to: string;
  /** How many paths fail at the same node. */
  readonly paths: number;
};

/** mostTargets is how many others a node sends to in one question. */
export const mostTargets = 64;

/** questionsOf lists which others a node sends to, in questions of at most 64; with `sample`, that many at random. */
export function questionsOf(
  nodes: readonly PathEnd[],
  source: PathEnd,
  { sample, random }: { readonly sample: number | undefined; readonly random: () => number },
): readonly (readonly PathEnd[])[] {
  const others = nodes.filter(({ node }) => node !== source.node);
  const chosen = sample === undefined || sample >= others.length ? others : sampled(others, sample, random);
  const questions: PathEnd[][] = [];
  for (let at = 0; at < chosen.length; at += mostTargets) questions.push(chosen.slice(at, at + mostTargets));
  return questions;
}

// The first steps of the Fisher-Yates shuffle.
function sampled(all: readonly PathEnd[], count: number, random: () => number): readonly PathEnd[] {
  const list = [...all];
  for (let at = 0; at < count; at += 1) {
    const other = at + Math.floor(random() * (list.length - at));
    const [one, two] = [list[at], list[other]];
    if (one === undefined || two === undefined) continue;
    list[at] = two;
    list[other] = one;
  }
  return list.slice(0, count);
}

/** nextToExamine returns the first pair that no finding explains yet: no finding applies to either of its nodes. */
export function nextToExamine(pairs: readonly Pair[], findings: readonly MeshFinding[]): Pair | undefined {
  const blamed = new Set(findings.map(({ node }) => node));
  return pairs.find(({ source, target }) => !blamed.has(source.node) && !blamed.has(target.node));
}

/** findingOf makes a verdict a finding of the mesh, with the number of failed paths of its node. */
export function findingOf(verdict: PathVerdict, { source, target }: Pair, pairs: readonly Pair[]): MeshFinding {
  const paths = pairs.filter((pair) => pair.source.node === verdict.node || pair.target.node === verdict.node).length;
  return { ...verdict, from: source.node, to: target.node, paths: Math.max(1, paths) };
}

/** MeshCounts count what a check covered. */
export type MeshCounts = { readonly nodes: number; readonly paths: number };

/**
 * countsOf counts the nodes that are still there, and the paths between them that packets were sent on.
 * @param connected names of the nodes that were asked
 * @param sent the names of the nodes that each one sent packets to
 */
export function countsOf(
  connected: readonly string[],
  sent: ReadonlyMap<string, readonly string[]>,
  gone: ReadonlySet<string>,
): MeshCounts {
  let paths = 0;
  for (const [source, targets] of sent) {
    if (!gone.has(source)) paths += targets.filter((target) => !gone.has(target)).length;
  }
  return { nodes: connected.filter((node) => !gone.has(node)).length, paths };
}

/** passText says what a check without findings shows. */
export function passText({ nodes, paths }: MeshCounts): string {
  if (nodes < 2) return 'nothing was checked: packets are sent between two connected nodes or more';
  return `packets pass on ${counted(paths, 'path', 'paths')} between ${nodes} nodes`;
}
