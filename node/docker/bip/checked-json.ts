// A daemon.json whose keys of ours are as dockerd takes them, or why it is not edited. Pure.
import { quoted } from '../../../proto/domain/input.js';
import {
  type JsonDocument,
  type JsonProperty,
  problemAt,
  readDocument,
  type TextProblem,
} from '../engine/json-document.js';

/**
 * RefusalReason says why daemon.json can't be edited: dockerd can't parse it (`Invalid`), it is too large or too deeply
 * nested (`TooLarge`), a key occurs twice (`DuplicateKey`), it has a foreign bip (`BipByHand`), foreign ranges for networks
 * (`AddressPoolsByHand`) or a foreign part of docker0's subnet to hand out (`FixedCidrByHand`), its `bridge` excludes a bip
 * (`BridgeSet`), or another key conflicts with the bip (`DoesNotFit`).
 */
export type RefusalReason =
  | 'Invalid'
  | 'TooLarge'
  | 'DuplicateKey'
  | 'BipByHand'
  | 'AddressPoolsByHand'
  | 'FixedCidrByHand'
  | 'BridgeSet'
  | 'DoesNotFit';

/**
 * DaemonJsonRefusal says why a daemon.json is not edited and how to change it. Line and column count characters from 1.
 */
export type DaemonJsonRefusal = {
  readonly refused: RefusalReason;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** Instruction for the operator: "remove the key bridge". */
  readonly fix: string;
};

/** Edited is the resulting content of daemon.json; `changed` is false if the file already has it. */
export type Edited = { readonly bytes: Buffer; readonly changed: boolean };

const ourKeys: readonly string[] = ['bip', 'bridge', 'fixed-cidr', 'default-gateway'];

/** readChecked parses daemon.json and checks the keys that xnet writes. */
export function readChecked(bytes: Buffer | undefined): JsonDocument | DaemonJsonRefusal {
  const document = readDocument(bytes);
  if ('kind' in document) return refusalOf(document, document.kind);
  const seen = new Set<string>();
  for (const property of document.properties) {
    const { name, value } = property;
    if (seen.has(name)) {
      const message = `the key ${quoted(name)} occurs twice, and dockerd uses the last`;
      return refusedAt(document, property, { refused: 'DuplicateKey', message, fix: `remove one ${quoted(name)}` });
    }
    seen.add(name);
    if (ourKeys.includes(name) && value === undefined) {
      const message = `the value of ${quoted(name)} is not a string, and dockerd refuses anything else`;
      return refusedAt(document, property, {
        refused: 'Invalid',
        message,
        fix: `write the value of ${quoted(name)} in "…"`,
      });
    }
    const lower = name.toLowerCase();
    if (lower !== name && ourKeys.includes(lower)) {
      const message = `dockerd refuses the key ${quoted(name)}`;
      return refusedAt(document, property, { refused: 'Invalid', message, fix: `write it as ${quoted(lower)}` });
    }
  }
  return document;
}

/** propertyNamed returns the property of a name; undefined: there is none. */
export function propertyNamed(document: JsonDocument, name: string): JsonProperty | undefined {
  return document.properties.find((property) => property.name === name);
}

/** refusedAt says why a property of a file prevents the edit. */
export function refusedAt(
  document: JsonDocument,
  property: JsonProperty,
  { refused, message, fix }: Pick<DaemonJsonRefusal, 'refused' | 'message' | 'fix'>,
): DaemonJsonRefusal {
  return refusalOf(problemAt(document.text, property.start, { kind: 'Invalid', message, fix }), refused);
}

function refusalOf({ line, column, message, fix }: TextProblem, refused: RefusalReason): DaemonJsonRefusal {
  return { refused, line, column, message, fix };
}
