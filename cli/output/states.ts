// The states of nodes, apart from what prints them: help and completion need no more than their names.

/** nodeStates are what `--state` takes. */
export const nodeStates = ['pending', 'progressing', 'ready', 'degraded', 'down', 'revoked'] as const;
