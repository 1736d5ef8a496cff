// What daemons know, as they say it in their reports.

/** features lists what daemons know that older ones do not: mode lan, nics, and the leases of named networks. */
export const features = ['lan', 'nics', 'networks'] as const;

/** Feature is one of them. */
export type Feature = (typeof features)[number];

/** mostFeatures is how many a report may name. */
export const mostFeatures = 32;
