// Who a certificate names. Pure: an identity becomes a subject and a URI, and is read back from a certificate.
// Invariant: an identity is read from a certificate only if its subject and its URI say the same.
import { checkName } from '../domain/input.js';

/** roles are the roles there are; what each may do is declared with every call (proto/xnet/v1/access.proto). */
export const roles = ['node', 'viewer', 'operator', 'admin', 'controller'] as const;

/** Role is what a certificate is for. */
export type Role = (typeof roles)[number];

/** personRoles are the roles of people and programs: those that certificates are issued for on request. */
export const personRoles = ['viewer', 'operator', 'admin'] as const;

/** PersonRole is one of them. */
export type PersonRole = (typeof personRoles)[number];

/** Identity is who a certificate names: "node n-4k2f9c of cluster 3b1c…". */
export type Identity = {
  readonly clusterId: string;
  readonly role: Role;
  /** Id of a node or a controller, name of a person or a program. */
  readonly id: string;
};

// Ids of nodes and controllers, and names of people: nothing that would need to be escaped in a subject or a URI.
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** isRole says whether a text is a role. */
export function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text);
}

/** isPersonRole says whether a text is a role of people and programs. */
export function isPersonRole(text: string): text is PersonRole {
  return (personRoles as readonly string[]).includes(text);
}

/** isIdentity says whether every part of an identity can stand in a certificate as it is. */
export function isIdentity({ clusterId, role, id }: Identity): boolean {
  return idPattern.test(clusterId) && idPattern.test(id) && isRole(role);
}

/** formatIdentity is how people and logs name an identity: "node/n-4k2f9c". */
export function formatIdentity({ role, id }: Pick<Identity, 'role' | 'id'>): string {
  return `${role}/${id}`;
}

/** uriOf is the URI that a certificate carries: "xnet://3b1c…/node/n-4k2f9c". */
export function uriOf({ clusterId, role, id }: Identity): string {
  return `xnet://${clusterId}/${role}/${id}`;
}

/** identityFromUri is what uriOf made a URI of; undefined for anything else. */
export function identityFromUri(uri: string): Identity | undefined {
  const match = /^xnet:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(uri);
  const [, clusterId = '', role = '', id = ''] = match ?? [];
  if (!isRole(role)) return undefined;
  const identity = { clusterId, role, id };
  return isIdentity(identity) ? identity : undefined;
}

/** Subject is the name in a certificate, by the short names of its parts. */
export type Subject = { readonly CN?: unknown; readonly OU?: unknown; readonly O?: unknown };

/**
 * identityOf reads a certificate's identity; undefined when it names none of ours.
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

/** controllerHost is the name that every controller's certificate carries, whatever its address. */
export function controllerHost(clusterId: string): string {
  return `controller.${clusterId}.xnet`;
}

/** checkPersonId checks the name of a person or a program that a certificate is issued for: "alice", "ci-1". */
export const checkPersonId = checkName;
