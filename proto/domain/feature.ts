// What daemons know, as they say it in their reports.

/**
 * features lists what daemons know that older ones do not: mode lan, nics, the leases of named networks, and Docker's default network
 * on the bridge of mode lan.
 */
export const features = ['lan', 'nics', 'networks', 'default-network'] as const;

/** Feature is one of them. */
export type Feature = (typeof features)[number];

/** mostFeatures is how many a report may name. */
export const mostFeatures = 32;
