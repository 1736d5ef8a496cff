// The command that makes a host a node, as somebody copies it from one terminal to another. Pure.
import { checkEndpoint, defaultPort, type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';

/** HostCommand is that command. */
export type HostCommand = {
  /** ["xnetd", "run", "--node", "web-1", "--controller", "192.168.83.2:7400"] */
  readonly argv: readonly string[];
  /** Why it can't be run as it is on another host, and what to do; null when it can. */
  readonly note: string | null;
};

/** ListeningController is a controller and where it says that it listens. */
export type ListeningController = { readonly id: string; readonly addresses: readonly string[] };

function endpointsOf(controllers: readonly ListeningController[]): readonly Endpoint[] {
  return controllers.flatMap(({ addresses }) =>
    addresses.flatMap((address) => {
      const checked = checkEndpoint(address);
      return 'value' in checked ? [checked.value] : [];
    }),
  );
}

const isLoopback = (host: string) => host === 'localhost' || host.startsWith('127.');
const isWildcard = (host: string) => host === '0.0.0.0';

/**
 * hostCommand is what to run on the host of a node.
 * @param controllers undefined when they could not be asked
 * @param connected where this xctl reached the controller: takes the place of one that listens on all its addresses
 */
export function hostCommand(
  nodeName: string,
  controllers: readonly ListeningController[] | undefined,
  connected: Endpoint | undefined,
): HostCommand {
  const command = (endpoints: readonly string[]) => [
    ...['xnetd', 'run', '--node', nodeName, '--controller', [...new Set(endpoints)].join(',')],
  ];
  if (controllers === undefined) {
    return {
      argv: command([`CONTROLLER:${defaultPort}`]),
      note: 'no controller said where it listens: put the address of one in',
    };
  }
  const endpoints = endpointsOf(controllers);
  const tcp = endpoints.flatMap((endpoint) => (endpoint.kind === 'tcp' ? [endpoint] : []));
  const remote = tcp.filter(({ host }) => !isLoopback(host) && !isWildcard(host));
  const wildcard = tcp.find(({ host }) => isWildcard(host));
  const reached = connected?.kind === 'tcp' && !isLoopback(connected.host) ? [connected] : [];
  const usable = [...remote, ...(wildcard === undefined ? [] : reached)].map(formatEndpoint);
  if (usable.length > 0) return { argv: command(usable), note: null };
  if (wildcard !== undefined) {
    return {
      argv: command([`CONTROLLER:${wildcard.port}`]),
      note: 'the controller listens on all its addresses: put the one in that hosts reach it by',
    };
  }
  const local = endpoints.map(formatEndpoint);
  return {
    argv: command(local.length > 0 ? local : [`CONTROLLER:${defaultPort}`]),
    note:
      'the controllers listen for this machine only, so this works on no other host: ' +
      'start them with --listen ADDRESS, an address that hosts reach them by',
  };
}

/** shellText writes an argv for a POSIX shell. Words of ours need no quotes; one that does gets them. */
export function shellText(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
