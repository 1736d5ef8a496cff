// Nics: further interfaces of containers, as controllers and hosts speak of them.
import type { Ipv4 } from './address.js';
import { type Checked, checkInterfaceName, quoted } from './input.js';

/** Nic is a further interface of a container, with an address of a lease of its node that Docker does not hand out. */
export type Nic = {
  readonly address: Ipv4;
  /** Name of the container, or the 12 or more first digits of its id. */
  readonly container: string;
  /** Name of the interface in the container: "nic0". */
  readonly interfaceName: string;
};

/** NicList is the nics of a node as of a version of the store. */
export type NicList = { readonly epoch: number; readonly revision: number; readonly nics: readonly Nic[] };

/** mostNics is how many nics a node may have. */
export const mostNics = 256;

/** NicUse is what a host does about a nic. */
export type NicUse = {
  readonly address: Ipv4;
  /** The container runs and has the interface. */
  readonly ready: boolean;
  /** CamelCase: "Ready", "ContainerNotFound". */
  readonly reason: string;
  /** For people; empty when ready. */
  readonly message: string;
};

const containerPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;
// Docker makes these before any nic.
const dockersOwn = /^(lo|eth0)$/;

/** checkContainer checks the name or the id of a container. */
export function checkContainer(text: string): Checked<string> {
  if (containerPattern.test(text)) return { value: text };
  return { problem: `${quoted(text)} is not the name or the id of a container` };
}

/** checkNicName checks the name of a nic's interface. */
export function checkNicName(text: string): Checked<string> {
  if (dockersOwn.test(text)) return { problem: `${text} is Docker's own interface` };
  return checkInterfaceName(text);
}
