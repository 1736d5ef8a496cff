// The settings of `xnetd join`: those of the daemon except the controllers' port, and those of joining.
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { fromCheck, listOf, readSettings } from '../../proto/process/settings.js';
import { checkEndpoint, defaultJoinPort } from '../../proto/rpc/endpoint.js';
import { addOptions, defaultFile, settingsSchema } from '../settings/settings.js';
import type { TcpEndpoint } from './call.js';

const controller = v.pipe(
  v.string(),
  fromCheck((text) => checkEndpoint(text, defaultJoinPort)),
  v.rawTransform(({ dataset, addIssue, NEVER }): TcpEndpoint => {
    if (dataset.value.kind === 'tcp') return dataset.value;
    addIssue({ message: 'hosts join over TCP: give HOST or HOST:PORT' });
    return NEVER;
  }),
);

const joinSchema = v.object({
  ...settingsSchema.entries,
  controller: v.optional(
    v.pipe(listOf(controller), v.minLength(1, 'is missing: the address of at least one controller')),
    [],
  ),
  tokenFile: v.optional(
    v.pipe(v.string(), v.nonEmpty('is missing: the file with the join token, or - for standard input')),
    '',
  ),
  force: v.boolean(),
  ignorePreflight: v.optional(
    listOf(v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9]*$/, 'has to be reasons, such as Rootless, or all'))),
    [],
  ),
  output: v.picklist(['text', 'json']),
});

/** JoinSettings are the settings of `xnetd join`, checked. */
export type JoinSettings = v.InferOutput<typeof joinSchema>;

const used = ['--config', '--node', '--controller', '--address', '--state-dir'];

/** addJoinOptions adds the options of `xnetd join`. */
export function addJoinOptions(target: Command): Command {
  addOptions(target);
  // The settings file is also the daemon's: its other settings are accepted and ignored.
  for (const option of target.options) {
    if (option.long === '--controller') option.description = 'controllers: HOST or HOST:PORT, comma-separated';
    else if (!used.includes(option.long ?? '')) option.hideHelp();
  }
  return target
    .addOption(
      new Option('--token-file <file>', 'file with the join token, mode 0600; - for standard input').env(
        'XNETD_TOKEN_FILE',
      ),
    )
    .option('--force', 'join anew, whatever this host has joined before', false)
    .addOption(
      new Option(
        '--ignore-preflight <reasons>',
        'join although xnetd preflight says that something stops xnet here: its reasons, comma-separated, or all',
      ).env('XNETD_IGNORE_PREFLIGHT'),
    )
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'));
}

/**
 * joinSettingsOf reads the settings of a parsed command.
 * @throws XnetError InvalidArgument with every problem
 */
export function joinSettingsOf(parsed: Command): JoinSettings {
  return readSettings(parsed, joinSchema, defaultFile);
}
