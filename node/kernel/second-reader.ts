// Reads the kernel's links and IPv4 routes independently of the mirror: through node-netlink.
// Invariant: it shares neither the socket nor the message decoder with the mirror. The daemon never loads this file: a
// socket of node-netlink handles one request at a time and stops reading after ENOBUFS.
import netlink from 'node-netlink';
import { XnetError } from '../../proto/errors.js';

/** SecondRoute is one route of the main table, as in its message. */
export type SecondRoute = {
  /** "10.76.3.0/24" */
  readonly destination: string;
  readonly metric: number;
  /** rtm_protocol: 88 is xnet. */
  readonly protocol: number;
  /** rtm_type: 1 unicast, 7 unreachable. */
  readonly type: number;
  /** Id of the next-hop object; 0 if none. */
  readonly nextHopId: number;
  /** "192.168.83.12"; undefined: directly to the link, or several hops. */
  readonly gateway: string | undefined;
  /** Interface index; 0: none, or several hops. */
  readonly ifindex: number;
};

/** SecondReading is what node-netlink lists. */
export type SecondReading = {
  /** Names of interfaces by interface index. */
  readonly links: ReadonlyMap<number, string>;
  readonly routes: readonly SecondRoute[];
};

const NETLINK_ROUTE = 0;
const RTM_GETLINK = 18n;
const RTM_GETROUTE = 26n;
const AF_INET = 2;
const RT_TABLE_MAIN = 254;
const ifinfomsgLength = 16;
const rtmsgLength = 12;
const requestTimeoutMs = 10_000;

/**
 * readAgain lists links and routes of the network namespace that this process was started in.
 * @throws XnetError Unavailable when the kernel does not answer within 10 s, or refuses
 */
export async function readAgain(): Promise<SecondReading> {
  const socket = await netlink.open({ family: NETLINK_ROUTE });
  try {
    const dump = async (type: bigint, payload: Buffer) => {
      const header = {
        nlmsg_type: type,
        nlmsg_flags: netlink.NLM_F_REQUEST | netlink.NLM_F_ACK | netlink.NLM_F_DUMP,
      };
      const { errorCode, packets } = await socket.tryTalk({ header, payload }, { timeout: requestTimeoutMs });
      if (errorCode !== 0) throw new XnetError('Unavailable', `the kernel refuses to list: errno ${errorCode}`);
      return packets.map((packet) => packet.payload);
    };
    // Sequentially: the socket forgets a request when there is another.
    const links = await dump(RTM_GETLINK, Buffer.alloc(ifinfomsgLength));
    const routeRequest = Buffer.alloc(rtmsgLength);
    routeRequest[0] = AF_INET;
    const routes = await dump(RTM_GETROUTE, routeRequest);
    return { links: new Map(links.map(linkOf)), routes: routes.flatMap(routeOf) };
  } finally {
    await socket.close();
  }
}

// struct rtattr: length, type, value; the next one begins at a multiple of 4.
function attributesOf(message: Buffer, start: number): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = start; at + 4 <= message.length; ) {
    const length = message.readUInt16LE(at);
    if (length < 4) break;
    // The two highest bits say how the value is encoded (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
    found.set(message.readUInt16LE(at + 2) & 0x3fff, message.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

function linkOf(message: Buffer): readonly [number, string] {
  const name = attributesOf(message, ifinfomsgLength).get(3); // IFLA_IFNAME
  return [message.readInt32LE(4), (name ?? Buffer.alloc(0)).toString('utf8').replace(/\0.*$/, '')];
}

function routeOf(message: Buffer): readonly SecondRoute[] {
  if (message[0] !== AF_INET) return [];
  const attributes = attributesOf(message, rtmsgLength);
  const number = (type: number) => attributes.get(type)?.readUInt32LE(0);
  const address = (type: number) => {
    const value = attributes.get(type);
    return value === undefined ? undefined : [...value.subarray(0, 4)].join('.');
  };
  // RTA_TABLE can hold table numbers that do not fit into the byte of rtmsg.
  if ((number(15) ?? message.readUInt8(4)) !== RT_TABLE_MAIN) return [];
  return [
    {
      destination: `${address(1) ?? '0.0.0.0'}/${message.readUInt8(1)}`,
      metric: number(6) ?? 0,
      protocol: message.readUInt8(5),
      type: message.readUInt8(7),
      nextHopId: number(30) ?? 0,
      gateway: address(5),
      ifindex: number(4) ?? 0,
    },
  ];
}
