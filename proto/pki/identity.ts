// The identity in a certificate. Pure: converts an identity to a subject and a URI, and back.
// Invariant: an identity is read from a certificate only if its subject and its URI agree.
import { checkName } from '../domain/input.js';

/** roles lists all roles; every call declares which of them may make it (proto/xnet/v1/access.proto). */
export const roles = ['node', 'viewer', 'operator', 'admin', 'controller'] as const;

/** Role is the kind of an identity, which determines its permissions. */
export type Role = (typeof roles)[number];

/** personRoles are the roles of people and programs, whose certificates are issued on request. */
export const personRoles = ['viewer', 'operator', 'admin'] as const;

/** PersonRole is the role of a person or a program. */
export type PersonRole = (typeof personRoles)[number];

/** Identity is the holder of a certificate: "node n-4k2f9c of cluster 3b1c…". */
export type Identity = {
  readonly clusterId: string;
  readonly role: Role;
  /** Id of a node or a controller, name of a person or a program. */
  readonly id: string;
};

// Ids of nodes and controllers, and names of people: no character that needs escaping in a subject or a URI.
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** isRole reports whether a text is a role. */
export function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text);
}

/** isPersonRole reports whether a text is a role of people and programs. */
export function isPersonRole(text: string): text is PersonRole {
  return (personRoles as readonly string[]).includes(text);
}

/** isIdentity reports whether every part of an identity can be written into a certificate unescaped. */
export function isIdentity({ clusterId, role, id }: Identity): boolean {
  return idPattern.test(clusterId) && idPattern.test(id) && isRole(role);
}

/** formatIdentity returns the identity for people and logs: "node/n-4k2f9c". */
export function formatIdentity({ role, id }: Pick<Identity, 'role' | 'id'>): string {
  return `${role}/${id}`;
}

/** uriOf returns the URI in a certificate: "xnet://3b1c…/node/n-4k2f9c". */
export function uriOf({ clusterId, role, id }: Identity): string {
  return `xnet://${clusterId}/${role}/${id}`;
}

/** identityFromUri is the inverse of uriOf; undefined for anything else. */
export function identityFromUri(uri: string): Identity | undefined {
  const match = /^xnet:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(uri);
  const [, clusterId = '', role = '', id = ''] = match ?? [];
  if (!isRole(role)) return undefined;
  const identity = { clusterId, role, id };
  return isIdentity(identity) ? identity : undefined;
}

/** Subject is the subject of a certificate, by the short names of its parts. */
export type Subject = { readonly CN?: unknown; readonly OU?: unknown; readonly O?: unknown };

/**
 * identityOf returns a certificate's identity; undefined if it names none of ours.
 * @param altNames its subject alternative names, as OpenSSL prints them: "URI:xnet://…, DNS:…"
 */
export function identityOf(subject: Subject, altNames: string): Identity | undefined {
  const uris = altNames.split(', ').filter((name) => name.startsWith('URI:'));
  const [uri, second] = uris;
  if (uri === undefined || second !== undefined) return undefined;
  const identity = identityFromUri(uri.slice('URI:'.length));
  if (identity === undefined) return undefined;
  const { clusterId, role, id } = identity;
  return subject.CN === id && subject.OU === role && subject.O === clusterId ? identity : undefined;
}

/** controllerHost returns the DNS name in every controller's certificate, whatever its address. */
export function controllerHost(clusterId: string): string {
  return `controller.${clusterId}.xnet`;
}

/** checkPersonId checks the name of a person or a program for a certificate: "alice", "ci-1". */
export const checkPersonId = checkName;
