// `xctl controllers`: removes the record of an absent controller.
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { verdict } from './change-response.js';

/** RemoveControllerOptions are the options of `controllers remove`. */
export type RemoveControllerOptions = { readonly confirm?: string; readonly dryRun: boolean };

/** forgetController removes the record of an absent controller. */
export async function forgetController(
  context: CommandContext,
  options: RemoveControllerOptions,
  id: string,
): Promise<void> {
  const { client, output } = context;
  const { dryRun } = options;
  const question = { what: `forget controller ${id}`, name: id, severe: true, given: options.confirm };
  if (!dryRun && !(await confirmed(context, question))) return;
  await client.change((admin) => admin.removeController.bind(admin), { id, dryRun });
  const did = verdict({ unchanged: false, dryRun }, 'removed', 'remove');
  await output.show({ value: { controller: { id }, dryRun }, name: id, text: () => [`${did} controller ${id}`] });
}
