// The part of syscall-napi, which has no types, that syscall.ts uses.
declare module 'syscall-napi' {
  /** Argument is one of up to six: a number, or a buffer whose address is passed. */
  type Argument = bigint | Uint8Array;

  type SystemCall = {
    /** Runs in libuv's thread pool. Rejects with an Error whose message is the strerror() text. */
    (number: bigint, ...args: Argument[]): Promise<bigint>;
    /** Runs at once on the calling thread. Throws as above. */
    readonly sync: (number: bigint, ...args: Argument[]) => bigint;
  };

  /** Numbers by name; absent for an architecture that the package does not know. */
  type SystemCallNumbers = {
    readonly [name in `__NR_${string}`]?: bigint;
  };

  const binding: { readonly syscall: SystemCall } & SystemCallNumbers;
  // biome-ignore lint/style/noDefaultExport: it is theirs
  export default binding;
}
