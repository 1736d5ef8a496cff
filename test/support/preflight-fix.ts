// What a fix of preflight says to type, taken from its text.
import type { Cached } from '../../node/table/cache.js';
import type { Lease } from '../../proto/domain/network.js';
import { ip, prefix } from './route-fixtures.js';

/** Places are what an operator types in the place of a word in capitals: LENGTH to "24". */
export type Places = Readonly<Record<string, string>>;

/**
 * commandIn returns the command of a fix that begins with these words, up to the next comma, semicolon or parenthesis.
 * @throws Error if the fix has no such command, or a word in capitals is left
 */
export function commandIn(fix: string, start: string, places: Places = {}): string {
  const at = fix.indexOf(start);
  const [command = ''] = /^[^,;()]*/.exec(at < 0 ? '' : fix.slice(at)) ?? [];
  const typed = Object.entries(places).reduce((text, [word, value]) => text.replace(word, value), command.trim());
  if (typed === '' || /\b(ADDRESS|LENGTH|INTERFACE|NAME)\b/.test(typed))
    throw new Error(`no command "${start}" to type in: ${fix}`);
  return typed;
}

/** says throws an Error if a fix does not contain these words. */
export function says(fix: string, words: string): void {
  if (!fix.includes(words)) throw new Error(`the fix does not say "${words}": ${fix}`);
}

/** optionIn returns what a fix says to set an option of xnetd or xctl to: "--interface". It throws if it says nothing. */
export function optionIn(fix: string, option: string): string {
  const [, value] = new RegExp(`${option} ([\\w.-]+)`).exec(fix) ?? [];
  if (value === undefined) throw new Error(`no ${option} in: ${fix}`);
  return value;
}

/** candidateIn returns the address that a fix offers on an interface: "set … to one of eth0 (192.168.83.11)". */
export function candidateIn(fix: string, name: string): { readonly interfaceName: string; readonly address: string } {
  const [, address] = new RegExp(`set --interface or --address to one of .*\\b${name} \\(([\\d.]+)\\)`).exec(fix) ?? [];
  if (address === undefined) throw new Error(`${name} is not offered in: ${fix}`);
  return { interfaceName: name, address };
}

/**
 * assigned returns what a host knows whose node has this address, which `xctl nodes set NAME --address` sets, and a lease of
 * this mode.
 */
export function assigned(address: string, mode: Lease['mode'] = 'bip', lan?: Lease['lan']): Cached {
  const isLan = mode === 'lan';
  return {
    table: undefined,
    assignment: {
      nodeId: 'n-1',
      nodeName: 'h1',
      address: ip(address),
      availability: 'active',
      leases: [
        {
          pool: 'default',
          subnet: prefix(isLan ? '192.168.83.64/27' : '10.76.3.0/24'),
          generation: 1,
          mode,
          ...(lan === undefined ? {} : { lan }),
          networkName: isLan ? 'xnet-lan' : '',
          bridgeName: isLan ? 'xnet-lan' : '',
          state: 'wanted',
        },
      ],
      permit: undefined,
      leave: false,
    },
  };
}
