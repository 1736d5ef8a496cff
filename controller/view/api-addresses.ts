// Where the controllers are reached. Pure.
import type { ReadonlyView } from './view.js';

function isUsable(endpoint: string, fromLoopback: boolean): boolean {
  if (endpoint.startsWith('unix:') || endpoint.startsWith('0.0.0.0:')) return false;
  const loopback = endpoint.startsWith('127.') || endpoint.startsWith('localhost:');
  return !loopback || fromLoopback;
}

/** isLoopback says whether an address is one that only the machine itself has: "127.0.0.1". */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.');
}

/** apiAddresses are where those that call from an address reach the controllers: "192.168.83.2:7400". */
export function apiAddresses(view: ReadonlyView, from: string): string[] {
  const all = [...view.controllers.values()].flatMap(({ record }) => record.addresses);
  return [...new Set(all.filter((endpoint) => isUsable(endpoint, isLoopback(from))))].sort();
}
