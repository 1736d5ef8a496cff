// The form of messages in JavaScript. The generator of proto/gen uses the same options, so types and values agree.

/**
 * loaderOptions are proto-loader's options: 64-bit integers as numbers (revisions and milliseconds stay far below
 * 2^53), enums by name, absent fields with their default.
 */
export const loaderOptions = {
  keepCase: false,
  longs: Number,
  enums: String,
  bytes: Buffer,
  defaults: true,
  oneofs: true,
} as const;
