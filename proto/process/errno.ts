// Names of system call errors, such as "ENOBUFS", from the kernel's numbers in netlink messages and from the strerror()
// texts that syscall-napi returns.
import { constants } from 'node:os';

// Of two names for one number, the one in the Linux manual pages.
const preferred = new Map([
  [constants.errno.EAGAIN, 'EAGAIN'],
  [constants.errno.EOPNOTSUPP, 'EOPNOTSUPP'],
]);

const names = new Map<number, string>(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** errnoName returns the name of an error number: "EEXIST" for 17; "E999" for an unknown one. */
export function errnoName(number: number): string {
  return preferred.get(number) ?? names.get(number) ?? `E${number}`;
}

// glibc's texts (sysdeps/gnu/errlist.h, C locale: Node.js never calls setlocale) of all errors that the calls in
// syscall.ts can return. musl has the same texts, except for those in the second group.
const namesOfTexts = new Map([
  ['Operation not permitted', 'EPERM'],
  ['No such file or directory', 'ENOENT'],
  ['Interrupted system call', 'EINTR'],
  ['Input/output error', 'EIO'],
  ['Bad file descriptor', 'EBADF'],
  ['Resource temporarily unavailable', 'EAGAIN'],
  ['Cannot allocate memory', 'ENOMEM'],
  ['Permission denied', 'EACCES'],
  ['Bad address', 'EFAULT'],
  ['Invalid argument', 'EINVAL'],
  ['Too many open files in system', 'ENFILE'],
  ['Too many open files', 'EMFILE'],
  ['Function not implemented', 'ENOSYS'],
  ['No locks available', 'ENOLCK'],
  ['Socket operation on non-socket', 'ENOTSOCK'],
  ['Message too long', 'EMSGSIZE'],
  ['Protocol not available', 'ENOPROTOOPT'],
  ['Protocol not supported', 'EPROTONOSUPPORT'],
  ['Socket type not supported', 'ESOCKTNOSUPPORT'],
  ['Operation not supported', 'EOPNOTSUPP'],
  ['Address family not supported by protocol', 'EAFNOSUPPORT'],
  ['Address already in use', 'EADDRINUSE'],
  ['No buffer space available', 'ENOBUFS'],
  ['Connection refused', 'ECONNREFUSED'],
  // musl (src/errno/__strerror.h)
  ['Out of memory', 'ENOMEM'],
  ['No file descriptors available', 'EMFILE'],
  ['I/O error', 'EIO'],
  ['Not a socket', 'ENOTSOCK'],
  ['Message too large', 'EMSGSIZE'],
  ['Not supported', 'EOPNOTSUPP'],
]);

/** errnoOfText returns the errno name of a strerror() text; "EUNKNOWN" for one that our calls do not return. */
export function errnoOfText(text: string): string {
  return namesOfTexts.get(text) ?? 'EUNKNOWN';
}
