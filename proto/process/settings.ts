// How every xnet executable reads its settings: command line over environment over config file over default.
// Invariant: all settings are checked before any effect, and all problems are reported together, each with its source.
import { readFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import * as v from 'valibot';
import { parseDocument } from 'yaml';
import { type Checked, quoted } from '../domain/text.js';
import { errnoOf, messageOf, XnetError } from '../errors.js';

/** fromCheck returns the schema step of a check function: `v.pipe(v.string(), fromCheck(checkName))`. */
export function fromCheck<T>(check: (text: string) => Checked<T>): v.RawTransformAction<string, T> {
  return v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const checked = check(dataset.value);
    if ('value' in checked) return checked.value;
    addIssue({ message: checked.problem });
    return NEVER;
  });
}

/** listOf returns the schema of a setting that is a list in the file and comma-separated elsewhere. */
export function listOf<T>(item: v.GenericSchema<string, T>): v.GenericSchema<string | string[], T[]> {
  return v.pipe(
    v.union([v.string(), v.array(v.string())]),
    v.transform((value) => (Array.isArray(value) ? value.flatMap(splitList) : splitList(value))),
    v.array(item),
  );
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** integer returns the schema of a whole number from `min` to `max`, as a number or as text. */
export function integer(min: number, max: number): v.GenericSchema<string | number, number> {
  const message = `has to be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/, message), v.transform(Number))], message),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
}

/** SettingsFile is a parsed settings file. */
export type SettingsFile = { readonly path: string; readonly values: ReadonlyMap<string, unknown> };

/**
 * readSettingsFile reads a YAML file of settings, named as the long flags without their dashes. A missing file counts
 * as empty unless `required`.
 * @throws XnetError InvalidArgument, naming the file and the line
 */
export function readSettingsFile(path: string, required: boolean): SettingsFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && !required) return { path, values: new Map() };
    throw new XnetError('InvalidArgument', `can't read the config file ${path}: ${messageOf(error)}`);
  }
  const content = contentOf(path, text);
  if (content === null) return { path, values: new Map() };
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new XnetError('InvalidArgument', `${path}: has to be a list of "setting: value" lines`);
  }
  return { path, values: new Map(Object.entries(content)) };
}

// The parser itself throws on documents that nest too deeply or expand too far by aliases.
function contentOf(path: string, text: string): unknown {
  try {
    const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
    const [problem] = document.errors;
    if (problem === undefined) return document.toJS();
    throw problem;
  } catch (error) {
    throw new XnetError('InvalidArgument', `${path}: ${messageOf(error).trimEnd()}`, { cause: error });
  }
}

function flagName(option: Option): string {
  return (option.long ?? option.short ?? '').replace(/^--/, '');
}

function whereSet(command: Command, option: Option, file: SettingsFile): string {
  switch (command.getOptionValueSource(option.attributeName())) {
    case 'env':
      return `${option.envVar}`;
    case 'config':
      return `${file.path}: ${flagName(option)}`;
    default:
      return `--${flagName(option)}`;
  }
}

/**
 * readSettings merges a parsed command's options with its config file, and checks the result against `schema`, whose
 * keys are the options' attribute names.
 * @param defaultFile read if it exists, unless the command line or the environment names another one with --config
 * @throws XnetError InvalidArgument with every problem
 */
export function readSettings<S extends v.GenericSchema>(
  command: Command,
  schema: S,
  defaultFile: string,
): v.InferOutput<S> {
  const named: unknown = command.getOptionValue('config');
  const file = typeof named === 'string' ? readSettingsFile(named, true) : readSettingsFile(defaultFile, false);
  const problems: string[] = [];
  const options = new Map(command.options.map((option) => [flagName(option), option]));
  for (const [key, value] of file.values) {
    const option = options.get(key);
    if (option === undefined || key === 'config') problems.push(`${file.path}: unknown setting ${quoted(key)}`);
    else {
      const source = command.getOptionValueSource(option.attributeName());
      if (source === undefined || source === 'default') {
        command.setOptionValueWithSource(option.attributeName(), value, 'config');
      }
    }
  }
  const { config: _, ...values } = command.opts();
  const result = v.safeParse(schema, values);
  if (!result.success) {
    for (const issue of result.issues) {
      const attribute = String(issue.path?.[0]?.key ?? '');
      const option = command.options.find((candidate) => candidate.attributeName() === attribute);
      problems.push(option === undefined ? issue.message : `${whereSet(command, option, file)}: ${issue.message}`);
    }
  }
  if (problems.length > 0 || !result.success) {
    throw new XnetError('InvalidArgument', problems.length === 1 ? (problems[0] ?? '') : 'invalid settings', {
      problems: problems.length === 1 ? [] : problems,
      hint: `see ${commandPath(command)} --help`,
    });
  }
  return result.output;
}

function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}
