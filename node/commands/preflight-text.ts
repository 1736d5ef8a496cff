// Formats what preflight found for people. Pure.
import { escaped } from '../../proto/domain/text.js';
import { type Cell, formatTable, type Paint } from '../../proto/process/table.js';
import type { PreflightReport } from './preflight.js';

const headers = ['SEVERITY', 'REASON', 'FINDING'];

/** preflightLines formats a report. @param paint colours what stops xnet, or is warned of */
export function preflightLines({ findings, counts, ok }: PreflightReport, paint: Paint): readonly string[] {
  const rows = findings.map(({ severity, reason, message }): readonly Cell[] => [
    severity === 'info' ? severity : { text: severity, paint },
    reason,
    escaped(message),
  ]);
  const [header = '', ...lines] = formatTable(headers, rows);
  const indent = ' '.repeat(header.indexOf('FINDING'));
  const table = lines.flatMap((line, index) => {
    const fix = findings[index]?.fix ?? null;
    return fix === null ? [line] : [line, `${indent}fix: ${escaped(fix)}`];
  });
  const summary = ok
    ? 'xnet can run on this host: no findings stop it or warn'
    : counts.stops === 0
      ? `xnet can run on this host; warnings: ${counts.warns}`
      : `xnet can't run on this host; findings that stop it: ${counts.stops}; warnings: ${counts.warns}`;
  return findings.length === 0 ? [summary] : [header, ...table, '', summary];
}
