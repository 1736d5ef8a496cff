// Findings of `xctl check`, in JSON and as a table. Pure.
import { escaped } from '../../proto/domain/text.js';
import type { PathEnd } from '../diagnosis/examination.js';
import type { MeshFinding, Pair } from '../diagnosis/mesh.js';
import type { Kind } from './columns.js';

/** awayFinding is the finding that a node is not connected: no path to it is checked. */
export function awayFinding({ node }: PathEnd): MeshFinding {
  return {
    reason: 'DaemonAway',
    node,
    message: `the daemon of ${node} is not connected to a controller: no path from or to it was checked`,
    fix: `on ${node}: xnetd status`,
    from: '',
    to: '',
    paths: 0,
  };
}

/** notProbed is the finding that a node could not send. */
export function notProbed(node: string, problem: string): MeshFinding {
  return {
    reason: 'NotProbed',
    node,
    message: `nothing could be sent from ${node}: ${problem}`,
    fix: `on ${node}: xnetd status`,
    from: node,
    to: '',
    paths: 0,
  };
}

/** notExamined is the finding that stands for paths that lost packets and were not examined. */
export function notExamined(pairs: readonly Pair[]): MeshFinding {
  const [first] = pairs;
  const [from, to] = [first?.source.node ?? '', first?.target.node ?? ''];
  return {
    reason: 'Unexplained',
    node: from,
    message: 'more paths lose packets than are examined at once',
    fix: `repair the others and check again, or look at this one: xctl ping ${from} ${to}`,
    from,
    to,
    paths: pairs.length,
  };
}

/** meshFindingKind describes how findings are printed. */
export const meshFindingKind: Kind<MeshFinding> = {
  plural: 'findings',
  nameOf: ({ reason, node }) => `${reason}/${node}`,
  columns: [
    { header: 'REASON', cell: ({ reason }, { colors }) => ({ text: reason, paint: colors.bad }) },
    { header: 'NODE', cell: ({ node }) => escaped(node) },
    { header: 'FROM', drop: 1, cell: ({ from }) => escaped(from) },
    { header: 'TO', drop: 1, cell: ({ to }) => escaped(to) },
    { header: 'PATHS', cell: ({ paths }) => String(paths) },
    { header: 'MESSAGE', cell: ({ message }) => escaped(message) },
  ],
  remarks: (findings) => {
    const fixes = findings.filter(({ fix }) => fix !== '').map(({ fix }) => `! ${escaped(fix)}`);
    return fixes.length === 0 ? [] : ['', ...fixes];
  },
};
