// The names of the formats of -o, in a separate file because help and completion need nothing else.

/** formats are the values of -o. */
export const formats = ['table', 'wide', 'json', 'yaml', 'jsonl', 'name'] as const;

/** Format is an output format. */
export type Format = (typeof formats)[number];
