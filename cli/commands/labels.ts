// Parses labels as typed: "zone=eu-1". The controller validates keys and values. Pure.
import { quoted } from '../../proto/domain/text.js';
import { throwIfAny } from '../../proto/errors.js';

/**
 * labelsFrom parses labels, each "key=value"; the last one of a key wins.
 * @throws XnetError InvalidArgument, naming every malformed one
 */
export function labelsFrom(texts: readonly string[]): Record<string, string> {
  const problems: string[] = [];
  const labels = texts.flatMap((text): readonly (readonly [string, string])[] => {
    const at = text.indexOf('=');
    if (at > 0) return [[text.slice(0, at), text.slice(at + 1)]];
    problems.push(`${quoted(text)} is not a label: write key=value, such as zone=eu-1`);
    return [];
  });
  throwIfAny(problems, 'invalid labels');
  return Object.fromEntries(labels);
}

/**
 * labelChange reads `--label` and `--remove-label` for one node.
 * @throws XnetError InvalidArgument, also naming every label that is both set and removed
 */
export function labelChange(
  set: readonly string[],
  remove: readonly string[],
): { readonly setLabels: Record<string, string>; readonly removeLabels: string[] } {
  const setLabels = labelsFrom(set);
  const both = remove.filter((key) => Object.hasOwn(setLabels, key));
  throwIfAny(
    both.map((key) => `label ${quoted(key)} is both set and removed: leave out --label or --remove-label`),
    'invalid labels',
  );
  return { setLabels, removeLabels: [...remove] };
}
