// Tells from NetworkManager's configuration which interfaces it leaves alone (NetworkManager.conf(5)). Pure.

type Device = { readonly name: string; readonly type: string };

// The entries of one section of all files.
type Section = Map<string, string>;

/**
 * leavesAlone reports whether NetworkManager is told to leave an interface alone.
 * @param texts its configuration files, in the order in which it reads them
 * @param device name and NetworkManager's type of the interface: "docker0", "bridge"
 */
export function leavesAlone(texts: readonly string[], device: Device): boolean {
  const sections = sectionsOf(texts);
  let isManaged = true;
  for (const [name, entries] of sections) {
    const managed = entries.get('managed');
    if (!/^device/.test(name) || managed === undefined) continue;
    const match = entries.get('match-device');
    if (match === undefined || areMet(specsOf(match), device)) isManaged = !/^(0|no|false|off)$/i.test(managed);
  }
  return !isManaged || areMet(specsOf(sections.get('keyfile')?.get('unmanaged-devices') ?? ''), device);
}

/** matches reports whether a name has the form of a pattern with "*" and "?": "br-*". */
export function matches(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
}

// "+=" and "-=" change the list of the files before. In one file, the last of equal keys counts.
function sectionsOf(texts: readonly string[]): ReadonlyMap<string, Section> {
  const sections = new Map<string, Section>();
  for (const text of texts) {
    for (const [name, entries] of entriesOf(text)) {
      const section: Section = sections.get(name) ?? new Map();
      sections.set(name, section);
      for (const [key, value] of entries) {
        const plain = key.replace(/[+-]$/, '');
        const [before, these] = [specsOf(section.get(plain) ?? ''), specsOf(value)];
        if (key.endsWith('+')) section.set(plain, [...before, ...these].join(';'));
        else if (key.endsWith('-')) section.set(plain, before.filter((spec) => !these.includes(spec)).join(';'));
        else section.set(key, value);
      }
    }
  }
  return sections;
}

function entriesOf(text: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Section>();
  let section: Section = new Map();
  for (const line of text.split('\n')) {
    const [, name] = /^\s*\[(.+)\]\s*$/.exec(line) ?? [];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
    }
    const [, key, value = ''] = /^\s*([a-z][\w.-]*[+-]?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) section.set(key, value);
  }
  return sections;
}

function specsOf(value: string): readonly string[] {
  return value.split(/[;,]/).flatMap((spec) => (spec.trim() === '' ? [] : [spec.trim()]));
}

// An exception takes precedence. A list of exceptions alone matches every other interface.
function areMet(specs: readonly string[], device: Device): boolean {
  const exceptions = specs.flatMap((spec) => /^except:(.*)$/.exec(spec)?.[1] ?? []);
  if (exceptions.some((spec) => isMet(spec, device))) return false;
  if (exceptions.length === specs.length) return specs.length > 0;
  return specs.some((spec) => spec === '*' || spec === device.name || isMet(spec, device));
}

// A hardware address never names such a bridge: Docker gives it a random one.
function isMet(spec: string, { name, type }: Device): boolean {
  const [, tag, value = ''] = /^([a-z0-9-]+):(.*)$/.exec(spec) ?? [];
  if (tag === 'interface-name')
    return value.startsWith('=') ? value === `=${name}` : matches(value.replace(/^~/, ''), name);
  if (tag === 'type') return value === type;
  return tag === 'driver' && matches(value.replace(/\/.*$/, ''), type);
}
