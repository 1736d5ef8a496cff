// Checks typed input (names, addresses, CIDRs) with messages that state the problem and a valid form.
// Invariant: an accepted value needs no further check anywhere, and contains no character with a special meaning to a
// shell, a file system or a terminal.
import IPCIDR from 'ip-cidr';
import { formatIpv4, formatPrefix, type Ipv4, type Prefix, parseIpv4, parsePrefix, prefixOf } from './address.js';
import { type Checked, quoted } from './text.js';

export { type Checked, quoted } from './text.js';

// DNS label (RFC 1123), with dots so that host names can be used as they are.
const namePattern = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
const labelKeyPattern = /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/;
const labelValuePattern = /^[A-Za-z0-9._-]{0,63}$/;
// IFNAMSIZ is 16 with the final NUL (linux/if.h). The kernel permits more characters than these.
const interfacePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;
// Docker: daemon/names/names.go, RestrictedNameChars.
const dockerNamePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;

/** checkName checks the name of a node or a pool: "web-1". */
export function checkName(text: string): Checked<string> {
  if (namePattern.test(text) && !text.includes('..')) return { value: text };
  return { problem: `${quoted(text)} is not a name: use 1 to 63 of a-z, 0-9, "-" and ".", such as web-1` };
}

/** checkAddress checks a node address: "192.168.83.11". */
export function checkAddress(text: string): Checked<Ipv4> {
  const address = parseIpv4(text);
  if (address === undefined) return { problem: `${quoted(text)} is not an IPv4 address such as 192.168.83.11` };
  const last = address >>> 24;
  if (last === 0 || last === 127 || last >= 224) {
    return { problem: `${formatIpv4(address)} can't be the address of a host on a network` };
  }
  return { value: address };
}

/** checkPrefix checks a CIDR: "10.76.0.0/16". Host bits are refused; the message suggests the CIDR without them. */
export function checkPrefix(text: string): Checked<Prefix> {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { value: prefix };
  // ip-cidr accepts host bits, which distinguishes a slip from garbage.
  if (/^[\d.]+\/\d{1,2}$/.test(text) && IPCIDR.isValidCIDR(text)) {
    const [address, length] = text.split('/');
    const meant = parseIpv4(address ?? '');
    if (meant !== undefined) {
      const suggestion = formatPrefix(prefixOf(meant, Number(length)));
      return { problem: `${quoted(text)} has host bits set: did you mean ${suggestion}?` };
    }
  }
  return { problem: `${quoted(text)} is not a CIDR such as 10.76.0.0/16` };
}

/** checkInterfaceName checks the name of a Linux network interface: "eth0". */
export function checkInterfaceName(text: string): Checked<string> {
  if (interfacePattern.test(text)) return { value: text };
  return { problem: `${quoted(text)} is not an interface name: use 1 to 15 of letters, digits, "_", "." and "-"` };
}

/** checkDockerName checks the name of a Docker network: "xnet". */
export function checkDockerName(text: string): Checked<string> {
  if (dockerNamePattern.test(text)) return { value: text };
  return { problem: `${quoted(text)} is not a Docker network name: use 1 to 63 of letters, digits, "_", "." and "-"` };
}

/** checkLabel checks one label, key and value: "zone", "eu-1". */
export function checkLabel(key: string, value: string): Checked<readonly [string, string]> {
  if (!labelKeyPattern.test(key)) {
    return { problem: `${quoted(key)} is not a label key: use 1 to 63 of a-z, 0-9, ".", "_", "/" and "-"` };
  }
  if (!labelValuePattern.test(value)) {
    return { problem: `${quoted(value)} is not a label value: use up to 63 of letters, digits, ".", "_" and "-"` };
  }
  return { value: [key, value] };
}

/**
 * checkText checks an operator's free text, such as the reason of a reservation: one line, at most 200 characters, no
 * control characters.
 */
export function checkText(text: string): Checked<string> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (text.length <= 200 && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) return { value: text };
  return { problem: `${quoted(text)} is too long or has control characters: use one line of up to 200 characters` };
}

/** Problems collects the problems of a request, so that all are reported together. */
export class Problems {
  readonly list: string[] = [];

  /**
   * take returns the checked value, or records the problem, prefixed with the name of what was checked, and returns
   * undefined.
   */
  take<T>(what: string, checked: Checked<T>): T | undefined {
    if ('value' in checked) return checked.value;
    this.list.push(`${what}: ${checked.problem}`);
    return undefined;
  }

  /** add records a problem. */
  add(problem: string): void {
    this.list.push(problem);
  }
}
