// Gives each connection of this process to 127.0.0.1 a source address of its own, as the connections of thousands of hosts
// have: a controller limits what it takes from one address.
import net from 'node:net';

// 127.64.0.0/10: four million addresses, none of which a server of the benchmark listens at.
const firstAddress = 0x7f400000;
const hostBits = 22;
// Each process begins at another part of the range.
const perProcess = 1 << 14;

/** ownAddresses has every later TCP connection of this process to 127.0.0.1 leave from an address of its own. */
export function ownAddresses(): void {
  const { connect } = net;
  let next = (process.pid * perProcess) % (1 << hostBits);
  // grpc-js offers no option for it: it calls net.connect with the address as an object.
  const connectFrom = (to: net.NetConnectOpts, listener?: () => void) => {
    if (!('port' in to) || to.host !== '127.0.0.1') return connect(to, listener);
    next = (next + 1) % (1 << hostBits);
    const from = firstAddress + next;
    const localAddress = [24, 16, 8, 0].map((shift) => (from >>> shift) & 0xff).join('.');
    return connect({ ...to, localAddress }, listener);
  };
  Object.defineProperty(net, 'connect', { value: connectFrom });
}
