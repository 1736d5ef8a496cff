// The command that makes a host a node, as somebody copies it from one terminal to another. Pure.
// Invariant: the secret of a token is in no argument: other users of a host see those.
import { checkEndpoint, defaultJoinPort, type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';

/** HostCommand is that command. */
export type HostCommand = {
  /** ["xnetd", "join", "--controller", "192.168.83.2:7401", "--token-file", "-"] */
  readonly argv: readonly string[];
  /** Why it can't be run as it is on another host, and what to do; null when it can. */
  readonly note: string | null;
};

const isLoopback = (host: string) => host === 'localhost' || host.startsWith('127.');
const isWildcard = (host: string) => host === '0.0.0.0';

/** Reachable are the addresses of controllers that work on another machine, and what is wrong when none does. */
export type Reachable = { readonly addresses: readonly string[]; readonly note: string | null };

/**
 * reachableFrom picks those addresses of controllers that another machine reaches.
 * @param listening where controllers say that they listen: "192.168.83.2:7401"
 * @param connected where this xctl reached a controller: takes the place of one that listens on all its addresses
 * @param otherPort stands in where nothing is known
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
      note: 'the controller listens on all its addresses: put the one in that hosts reach it by',
    };
  }
  return {
    addresses: tcp.length > 0 ? tcp.map(formatEndpoint) : [`CONTROLLER:${otherPort}`],
    note:
      'the controllers listen for this machine only, so this works on no other host: ' +
      'start them with --listen ADDRESS, an address that hosts reach them by',
  };
}

/** HostToJoin is what the command is made of. */
export type HostToJoin = {
  /** Where controllers say that hosts join: "192.168.83.2:7401". */
  readonly listening: readonly string[];
  readonly connected: Endpoint | undefined;
  /** File that has the token; "-": standard input. */
  readonly tokenFile: string;
  /** The token names no node: the host says who it is. */
  readonly anyHost: boolean;
};

/** hostCommand is what to run on the host of a node. */
export function hostCommand({ listening, connected, tokenFile, anyHost }: HostToJoin): HostCommand {
  const { addresses, note } = reachableFrom(listening, connected, defaultJoinPort);
  const who = anyHost ? ['--node', 'NAME', '--address', 'ADDRESS'] : [];
  return { argv: ['xnetd', 'join', '--controller', addresses.join(','), ...who, '--token-file', tokenFile], note };
}

/** shellText writes an argv for a POSIX shell. Words of ours need no quotes; one that does gets them. */
export function shellText(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/** hereDocument writes a command for a POSIX shell that gives a text to it on standard input. */
export function hereDocument(argv: readonly string[], text: string): readonly string[] {
  return [`${shellText(argv)} <<'EOF'`, ...text.split('\n'), 'EOF'];
}
