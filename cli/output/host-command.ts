// Builds the command that joins a host, for copying from one terminal to another. Pure.
// Invariant: a token's secret is never an argument, because other users of a host can see those.
import { checkEndpoint, defaultJoinPort, type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';

/** HostCommand is a command to run on a host. */
export type HostCommand = {
  /** ["xnetd", "join", "--controller", "192.168.83.2:7401", "--token-file", "-"] */
  readonly argv: readonly string[];
  /** Why it does not work as it is on another host, and what to do; null: it does. */
  readonly note: string | null;
};

const isLoopback = (host: string) => host === 'localhost' || host.startsWith('127.');
const isWildcard = (host: string) => host === '0.0.0.0';

/** Reachable holds the controllers' addresses that work on another machine, and the problem if there are none. */
export type Reachable = { readonly addresses: readonly string[]; readonly note: string | null };

/**
 * reachableFrom returns the controllers' addresses that another machine can reach.
 * @param listening addresses that controllers report: "192.168.83.2:7401"
 * @param connected address at which this xctl reached a controller: replaces one that listens on all its addresses
 * @param otherPort used if the port is unknown
 */
export function reachableFrom(
  listening: readonly string[],
  connected: Endpoint | undefined,
  otherPort: number,
): Reachable {
  const tcp = listening.flatMap((text) => {
    const checked = checkEndpoint(text, otherPort);
    return 'value' in checked && checked.value.kind === 'tcp' ? [checked.value] : [];
  });
  const remote = tcp.filter(({ host }) => !isLoopback(host) && !isWildcard(host));
  const wildcard = tcp.find(({ host }) => isWildcard(host));
  const reached =
    wildcard !== undefined && connected?.kind === 'tcp' && !isLoopback(connected.host)
      ? [{ ...connected, port: wildcard.port }]
      : [];
  const addresses = [...new Set([...remote, ...reached].map(formatEndpoint))];
  if (addresses.length > 0) return { addresses, note: null };
  if (wildcard !== undefined) {
    return {
      addresses: [`CONTROLLER:${wildcard.port}`],
      note: 'the controller listens on all its addresses: replace CONTROLLER by one that hosts can reach',
    };
  }
  return {
    addresses: tcp.length > 0 ? tcp.map(formatEndpoint) : [`CONTROLLER:${otherPort}`],
    note:
      'the controllers listen on this machine only, so other hosts can not reach them: ' +
      'start them with --listen ADDRESS, an address that hosts reach them by',
  };
}

/** HostToJoin is the input of hostCommand. */
export type HostToJoin = {
  /** Addresses for joining hosts, as controllers report them: "192.168.83.2:7401". */
  readonly listening: readonly string[];
  readonly connected: Endpoint | undefined;
  /** File with the token; "-": standard input. */
  readonly tokenFile: string;
  /** The token names no node: the host sends its own name. */
  readonly anyHost: boolean;
};

/** hostCommand returns the command to run on the host of a node. */
export function hostCommand({ listening, connected, tokenFile, anyHost }: HostToJoin): HostCommand {
  const { addresses, note } = reachableFrom(listening, connected, defaultJoinPort);
  const who = anyHost ? ['--node', 'NAME', '--address', 'ADDRESS'] : [];
  return { argv: ['xnetd', 'join', '--controller', addresses.join(','), ...who, '--token-file', tokenFile], note };
}

/** shellText formats an argv for a POSIX shell, quoting words that need it. */
export function shellText(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/** hereDocument formats a command for a POSIX shell with a text as its standard input. */
export function hereDocument(argv: readonly string[], text: string): readonly string[] {
  return [`${shellText(argv)} <<'EOF'`, ...text.split('\n'), 'EOF'];
}
