// The addresses of the controllers. Pure.
import type { ReadonlyView } from './view.js';

function isUsable(endpoint: string, fromLoopback: boolean): boolean {
  if (endpoint.startsWith('unix:') || endpoint.startsWith('0.0.0.0:')) return false;
  const loopback = endpoint.startsWith('127.') || endpoint.startsWith('localhost:');
  return !loopback || fromLoopback;
}

/** isLoopback reports whether an address is a loopback address: "127.0.0.1". */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.');
}

/** apiAddresses returns the endpoints of the controllers that a caller at an address can use: "192.168.83.2:7400". */
export function apiAddresses(view: ReadonlyView, from: string): string[] {
  const all = [...view.controllers.values()].flatMap(({ record }) => record.addresses);
  return [...new Set(all.filter((endpoint) => isUsable(endpoint, isLoopback(from))))].sort();
}
