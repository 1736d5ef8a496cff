// Declares the part of node-netlink, which has no types, that second-reader.ts uses.
declare module 'node-netlink' {
  type Message = {
    readonly header: { readonly nlmsg_type: bigint; readonly nlmsg_flags: bigint };
    readonly payload: Buffer;
  };

  type Socket = {
    /** Handles one request at a time: a second one makes the socket forget the first. Timeout in milliseconds. */
    tryTalk(message: Message, options: { timeout: number }): Promise<{ errorCode: number; packets: Message[] }>;
    close(): Promise<void>;
  };

  const binding: {
    open(options: { family: number; pid?: number; groups?: number }): Promise<Socket>;
    readonly NLM_F_REQUEST: bigint;
    readonly NLM_F_ACK: bigint;
    readonly NLM_F_DUMP: bigint;
  };
  // biome-ignore lint/style/noDefaultExport: it is theirs
  export default binding;
}
