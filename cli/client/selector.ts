// Label selectors as in kubectl: "zone=eu-1,tier!=db,rack in (r1,r2),!spare". Pure.
// Invariant: an unparsable selector is refused; no part of it is ever ignored.
import { checkLabel } from '../../proto/domain/input.js';
import { type Checked, quoted } from '../../proto/domain/text.js';

/** Requirement is one condition of a selector; a node must meet all of them. */
export type Requirement = {
  readonly key: string;
  /** "in": the key has one of the values. "notin": it has none of them, or is absent. */
  readonly operator: 'in' | 'notin' | 'exists' | 'absent';
  readonly values: readonly string[];
};

/** Selector is a list of requirements. */
export type Selector = readonly Requirement[];

const operators = { '=': 'in', '==': 'in', '!=': 'notin' } as const;

// Commas separate requirements, except between parentheses.
function splitRequirements(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth <= 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return [...parts, part];
}

function parsed(text: string): Requirement | undefined {
  const existence = /^(!?)\s*([^\s=!(),<>]+)$/.exec(text);
  if (existence !== null) {
    return { key: existence[2] ?? '', operator: existence[1] === '!' ? 'absent' : 'exists', values: [] };
  }
  const equality = /^([^\s=!(),<>]+)\s*(==|=|!=)\s*([^\s=!(),<>]*)$/.exec(text);
  if (equality !== null) {
    const [, key = '', operator = '=', value = ''] = equality;
    return { key, operator: operators[operator as keyof typeof operators], values: [value] };
  }
  const set = /^([^\s=!(),<>]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set === null) return undefined;
  const [, key = '', operator, list = ''] = set;
  return { key, operator: operator === 'in' ? 'in' : 'notin', values: list.split(',').map((value) => value.trim()) };
}

/** checkSelector parses a selector. */
export function checkSelector(text: string): Checked<Selector> {
  const selector: Requirement[] = [];
  for (const part of splitRequirements(text)) {
    const requirement = parsed(part.trim());
    if (requirement === undefined) {
      return {
        problem: `${quoted(part.trim())} is not a selector: write zone=a, zone!=a, "zone in (a,b)", "zone notin (a,b)", zone or '!zone', comma-separated`,
      };
    }
    for (const value of requirement.values.length === 0 ? [''] : requirement.values) {
      const checked = checkLabel(requirement.key, value);
      if ('problem' in checked) return checked;
    }
    selector.push(requirement);
  }
  return { value: selector };
}

function fulfils(labels: Readonly<Record<string, string>>, { key, operator, values }: Requirement): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
  }
}

/** selects reports whether labels meet all requirements of a selector. */
export function selects(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((requirement) => fulfils(labels, requirement));
}
