// The names of the states of nodes, in a separate file because help and completion need nothing else.

/** nodeStates are the values of `--state`. */
export const nodeStates = ['pending', 'progressing', 'ready', 'degraded', 'down', 'revoked'] as const;
