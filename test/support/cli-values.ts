// Values that tests of xctl's output share.
import type { Colors } from '../../cli/output/columns.js';
import type { Format } from '../../cli/output/formats.js';
import { type NodeOutput, nodeFromWire } from '../../cli/output/node.js';
import { Output } from '../../cli/output/output.js';
import type { Node__Output } from '../../proto/gen/xnet/v1/Node.js';

export const same = (text: string) => text;

export const plain: Colors = { good: same, waiting: same, bad: same, faint: same, strong: same };

export const nowMs = Date.UTC(2026, 10, 21, 10);

export const wireNode: Node__Output = {
  id: 'n-85f97290490c',
  name: 'web-1',
  address: '192.168.83.11',
  labels: { zone: 'eu-1' },
  availability: 'AVAILABILITY_ACTIVE',
  mode: 'MODE_BIP',
  pool: 'default',
  subnet: '10.76.3.0/24',
  gateway: '10.76.3.1',
  generation: 1,
  createdMs: nowMs - 41 * 86_400_000,
  state: 'NODE_STATE_READY',
  seenMs: nowMs - 180_000,
  controller: 'ctl-1',
  conditions: [],
  routes: { desired: 49, installed: 49, conflicting: 0, unreachable: 0 },
  daemonVersion: '0.1.0',
  kernelVersion: '6.1',
  dockerVersion: '20.10.24',
  hostNetworks: [],
  leases: [],
  containers: [],
  containerCount: 0,
  containersKnown: true,
  drain: null,
  schedulable: true,
  revision: 1041,
};

export const node = (more: Partial<Node__Output> = {}): NodeOutput => nodeFromWire({ ...wireNode, ...more });

export const failing = (type: string, reason: string, message: string) => ({
  type,
  ok: false,
  transient: false,
  reason,
  message,
  fix: '',
  sinceMs: nowMs,
});

export function outputFor(format: Format): { readonly output: Output; readonly written: string[] } {
  const written: string[] = [];
  const sink = { write: (text: string) => written.push(text) > 0 };
  const output = new Output({ format, colors: plain, quiet: false, data: sink, messages: sink, now: () => nowMs });
  return { output, written };
}
