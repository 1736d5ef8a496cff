// Finds the possible words at the cursor by walking the preceding words through the command tree. Pure.
import type { Argument, Command, Option } from 'commander';
import { nodeStates } from '../output/states.js';
import type { Typed } from './words.js';

/** Candidate is one possible word at the cursor. */
export type Candidate = { readonly value: string; readonly description: string };

/** Source is where candidates come from: a controller for most; contexts and files are local. */
export type Source =
  | 'nodes'
  | 'pools'
  | 'quarantined'
  | 'leased'
  | 'static-routes'
  | 'nics'
  | 'networks'
  | 'rollouts'
  | 'tokens'
  | 'serials'
  | 'contexts'
  | 'files'
  | 'labels'
  | 'label-keys';

/** Completion is the set of candidates: those known locally, and the source of others. */
export type Completion = {
  readonly candidates: readonly Candidate[];
  readonly source?: Source;
  /** Prefix of every value from the source: "--node=". */
  readonly prefix: string;
  /** Value of --controller on the command line. */
  readonly controller?: string;
  /** Value of --context on the command line. */
  readonly context?: string;
};

type Walked = {
  readonly command: Command;
  readonly positionals: number;
  /** The option whose value is at the cursor. */
  readonly pending: Option | undefined;
  readonly given: ReadonlySet<Option>;
  /** Values of the options that select a controller, by their long names. */
  readonly asked: ReadonlyMap<string, string>;
};

function optionsOf(command: Command): readonly Option[] {
  return [...command.options, ...(command.parent === null ? [] : optionsOf(command.parent))];
}

function findOption(command: Command, word: string): Option | undefined {
  const [flag] = word.split('=');
  return optionsOf(command).find((option) => option.long === flag || option.short === flag);
}

function subcommand(command: Command, word: string): Command | undefined {
  return command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word));
}

function walk(program: Command, words: readonly string[]): Walked {
  let command = program;
  let positionals = 0;
  let pending: Option | undefined;
  const asked = new Map<string, string>();
  const given = new Set<Option>();
  for (const word of words) {
    const choices = pending?.argChoices;
    const optional = pending?.optional === true && choices?.includes(word) !== true;
    if (pending !== undefined && !optional) {
      asked.set(pending.long ?? '', word);
      pending = undefined;
      continue;
    }
    pending = undefined;
    if (word.startsWith('-')) {
      const option = findOption(command, word);
      if (option === undefined) continue;
      given.add(option);
      if (word.includes('=')) {
        asked.set(option.long ?? '', word.slice(word.indexOf('=') + 1));
      } else if (option.required || option.optional) pending = option;
      continue;
    }
    const next = positionals === 0 ? subcommand(command, word) : undefined;
    if (next === undefined) positionals += 1;
    else command = next;
  }
  return { command, positionals, pending, given, asked };
}

const sources: Readonly<Record<string, Source>> = {
  node: 'nodes',
  src: 'nodes',
  dst: 'nodes',
  pool: 'pools',
  network: 'networks',
  rollout: 'rollouts',
  per: 'label-keys',
  subnet: 'quarantined',
  lease: 'leased',
  'static-route': 'static-routes',
  nic: 'nics',
  replace: 'leased',
  token: 'tokens',
  serial: 'serials',
  context: 'contexts',
  file: 'files',
  out: 'files',
  tokenOut: 'files',
  passphraseFile: 'files',
  report: 'files',
  fromReport: 'files',
  config: 'files',
  label: 'labels',
  selector: 'labels',
  removeLabel: 'label-keys',
};

function valuesOf(thing: Option | Argument): { readonly candidates: readonly Candidate[]; readonly source?: Source } {
  const name = 'long' in thing ? thing.attributeName() : thing.name();
  const known = name === 'state' ? nodeStates : (thing.argChoices ?? []);
  const candidates = known.map((value) => ({ value, description: '' }));
  // The subnet of `nodes add --subnet` and the name of `leases add --network` must be free: existing ones are no candidates.
  const isNew = 'long' in thing && (name === 'subnet' || name === 'network');
  const source = isNew ? undefined : sources[name];
  return { candidates, ...(source === undefined ? {} : { source }) };
}

function flagsOf({ command, given }: Walked): readonly Candidate[] {
  const own = command.createHelp().visibleOptions(command);
  const all = [...own, ...(command.parent === null ? [] : optionsOf(command.parent))];
  const open = all.filter((option) => !given.has(option) || Array.isArray(option.defaultValue));
  return open.map((option) => ({ value: option.long ?? option.short ?? '', description: option.description }));
}

// In a list, only the part after the last comma is still being typed.
function listPrefix(option: Option, current: string): string {
  return option.attributeName() === 'selector' ? current.slice(0, current.lastIndexOf(',') + 1) : '';
}

/** wantedAt returns the possible words at the cursor. Candidates that do not begin with the typed text are omitted. */
export function wantedAt(program: Command, { before, current }: Typed): Completion {
  const walked = walk(program, before);
  const { command, pending, positionals, asked } = walked;
  const controller = asked.get('--controller');
  const context = asked.get('--context');
  const rest = {
    ...(controller === undefined ? {} : { controller }),
    ...(context === undefined ? {} : { context }),
  };
  const beginning = (all: readonly Candidate[], prefix = '') =>
    all
      .map(({ value, description }) => ({ value: prefix + value, description }))
      .filter(({ value }) => value.startsWith(current));
  const inWord = current.startsWith('-') && current.includes('=') ? findOption(command, current) : undefined;
  if (inWord !== undefined) {
    const prefix = current.slice(0, current.indexOf('=') + 1);
    const { candidates, source } = valuesOf(inWord);
    const whole = prefix + listPrefix(inWord, current.slice(prefix.length));
    const place = { ...(source === undefined ? {} : { source }), prefix: whole };
    return { candidates: beginning(candidates, prefix), ...place, ...rest };
  }
  if (pending !== undefined && !(pending.optional && current.startsWith('-'))) {
    const { candidates, source } = valuesOf(pending);
    const place = { ...(source === undefined ? {} : { source }), prefix: listPrefix(pending, current) };
    return { candidates: beginning(candidates), ...place, ...rest };
  }
  if (current.startsWith('-')) return { candidates: beginning(flagsOf(walked)), prefix: '', ...rest };
  if (command.commands.length > 0) {
    const subs = command.createHelp().visibleCommands(command);
    const names = subs.map((sub) => ({ value: sub.name(), description: sub.description() }));
    return { candidates: beginning(names), prefix: '', ...rest };
  }
  // The last argument may accept several names.
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[positionals] ?? (last?.variadic === true ? last : undefined);
  if (argument === undefined) return { candidates: [], prefix: '', ...rest };
  const { candidates, source } = valuesOf(argument);
  return { candidates: beginning(candidates), ...(source === undefined ? {} : { source }), prefix: '', ...rest };
}
