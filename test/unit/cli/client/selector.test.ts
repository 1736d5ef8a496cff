// Selectors of labels, as people type them.
import test from 'ava';
import { checkSelector, selects } from '../../../../cli/client/selector.js';

const labels = {
  web: { zone: 'a', tier: 'web' },
  db: { zone: 'b', tier: 'db', spare: '' },
  bare: {},
} as const;

function chosen(text: string): string {
  const checked = checkSelector(text);
  if ('problem' in checked) return `refused: ${checked.problem}`;
  return Object.entries(labels)
    .filter(([, own]) => selects(checked.value, own))
    .map(([name]) => name)
    .join(' ');
}

test('selectors select the same as in kubectl', (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['zone=a', 'web'],
    ['zone==a', 'web'],
    ['zone = a', 'web'],
    // A node without the label does not match, either.
    ['zone!=a', 'db bare'],
    ['zone != a , tier != db', 'bare'],
    ['zone in (a,b)', 'web db'],
    ['zone in (a, c)', 'web'],
    ['zone notin (a)', 'db bare'],
    ['zone notin (a,b)', 'bare'],
    ['zone', 'web db'],
    ['!zone', 'bare'],
    ['! spare', 'web bare'],
    ['spare=', 'db'],
    ['spare!=', 'web bare'],
    ['zone in (a,b),!spare', 'web'],
    ['zone in (a,b),tier notin (web),spare', 'db'],
  ];
  for (const [text, names] of cases) t.is(chosen(text), names, text);
});

test('an invalid selector is refused, never ignored', (t) => {
  for (const text of [
    ...['', ',', 'zone=a,', 'zone=a=b', 'zone>1', 'zone<1', 'zone=!a', 'zone!', '!zone=a', 'zone a', '=a', '!=a'],
    ...['zone in', 'zone in a', 'zone in (a', 'zone in a)', 'zone in ((a))', 'zone is (a)', 'zone in (a) tier=b'],
    ...['Zone=a', 'zone=a/b', '(zone=a)'],
  ]) {
    t.regex(chosen(text), /^refused: ".*" is not a (selector|label key|label value)/, text);
  }
});
