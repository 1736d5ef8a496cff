// `xctl events`: lists recorded events, and with --watch new ones.
import { XnetError } from '../../proto/errors.js';
import type { OperatorClient } from '../../proto/rpc/definitions.js';
import type { CommandContext } from '../client/context.js';
import { type TableLook, tableOf } from '../output/columns.js';
import { type EventOutput, eventFromWire, eventKind } from '../output/event.js';
import type { Output } from '../output/output.js';

/** EventsOptions are the options of `events`. */
export type EventsOptions = {
  /** Milliseconds. */
  readonly since?: number;
  readonly node?: string;
  readonly subject?: string;
  readonly limit: number;
  readonly watch: boolean;
};

/** listEvents prints events, oldest first; with --watch also new ones. */
export async function listEvents(context: CommandContext, options: EventsOptions): Promise<void> {
  const { client, output } = context;
  const { since, node, limit, watch } = options;
  if (node !== undefined && options.subject !== undefined) {
    throw new XnetError(
      'InvalidArgument',
      '--node and --subject exclude each other: --node web-1 is --subject node/web-1',
    );
  }
  const subject = node === undefined ? (options.subject ?? '') : `node/${node}`;
  const request = { subject, limit, sinceMs: since === undefined ? 0 : Date.now() - since };
  if (!watch) {
    const { events } = await client.read((admin) => admin.listEvents.bind(admin), request);
    return output.list(eventKind, events.map(eventFromWire));
  }
  await watchEvents(context, request);
}

type EventsRequest = { readonly subject: string; readonly limit: number; readonly sinceMs: number };

// Events have the time of the controller that recorded them; another controller's clock may be this much behind.
const skewMs = 60_000;
const mostRemembered = 10_000;

// A stream begins with recorded events, so a reopened one misses nothing, and repeats some.
async function watchEvents({ client, output }: CommandContext, request: EventsRequest): Promise<void> {
  const seen = new Set<string>();
  let newestMs = 0;
  const open = (admin: OperatorClient) =>
    admin.watchEvents(newestMs === 0 ? request : { ...request, sinceMs: Math.max(request.sinceMs, newestMs - skewMs) });
  const never = new AbortController().signal;
  for await (const event of client.follow(open, { endsByItself: false }, never)) {
    newestMs = Math.max(newestMs, event.timeMs);
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    const [oldest] = seen;
    if (seen.size > mostRemembered && oldest !== undefined) seen.delete(oldest);
    await printEvent(output, eventFromWire(event));
  }
}

async function printEvent(output: Output, event: EventOutput): Promise<void> {
  const text = (look: TableLook) => {
    return tableOf(eventKind.columns, [event], { ...look, width: undefined }, { headless: true });
  };
  const separator = output.options.format === 'yaml' ? '---\n' : '';
  output.write(`${separator}${await output.shownText({ value: event, name: event.id, text })}`);
}
