// The formats of -o, apart from what prints them: help and completion need no more than their names.

/** formats are what -o takes. */
export const formats = ['table', 'wide', 'json', 'yaml', 'jsonl', 'name'] as const;

/** Format is how data is printed. */
export type Format = (typeof formats)[number];
