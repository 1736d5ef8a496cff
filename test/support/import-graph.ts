// The imports between source files, and the cycles among them. Pure but for reading the sources.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Source is one source file; `imports` are its module names as written: "../domain/address.js", "node:fs". */
export type Source = { readonly path: string; readonly text: string; readonly imports: readonly string[] };

/** sourcesIn reads all TypeScript files below `folder` of the repository `root`, without declarations and generated ones. */
export function sourcesIn(root: string, folder: string): readonly Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.d\.ts$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => !path.startsWith('proto/gen/'))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name = '']) => name);
      return { path, text, imports };
    });
}

/** importedPath returns the path of the source that a relative import of `from` names. */
export function importedPath(from: string, name: string): string {
  return join(dirname(from), name).replace(/\.js$/, '.ts');
}

/** Graph maps each vertex to the vertices that it points to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** fileGraph has an edge for each import of one source by another, including imports of types. */
export function fileGraph(sources: readonly Source[]): Graph {
  const paths = new Set(sources.map(({ path }) => path));
  return new Map(
    sources.map(({ path, imports }) => {
      const targets = imports.filter((name) => name.startsWith('.')).map((name) => importedPath(path, name));
      return [path, new Set(targets.filter((target) => paths.has(target)))];
    }),
  );
}

// Returns the folder of a file: "node/docker". A file at the top of a part stands alone: "node/settings/settings.ts".
function roomOf(path: string): string {
  return path.split('/').length === 2 ? path : dirname(path);
}

/** folderGraph has an edge for each import from one folder of a part into another folder of the same part. */
export function folderGraph(files: Graph): Graph {
  const folders = new Map<string, Set<string>>();
  for (const [path, targets] of files) {
    const room = roomOf(path);
    const edges = folders.get(room) ?? new Set();
    folders.set(room, edges);
    for (const target of targets) {
      if (roomOf(target) !== room && target.split('/')[0] === path.split('/')[0]) edges.add(roomOf(target));
    }
  }
  return folders;
}

/**
 * cyclesIn lists the strongly connected components of more than one vertex (Tarjan, 1972): each is a set of vertices that
 * reach each other. The vertices of each are sorted.
 */
export function cyclesIn(graph: Graph): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const open: string[] = [];
  const found: (readonly string[])[] = [];
  const visit = (vertex: string): number => {
    const own = index.size;
    let low = own;
    index.set(vertex, own);
    open.push(vertex);
    for (const target of graph.get(vertex) ?? []) {
      const seen = index.get(target);
      if (seen === undefined) low = Math.min(low, visit(target));
      else if (open.includes(target)) low = Math.min(low, seen);
    }
    if (low === own) {
      const component = open.splice(open.indexOf(vertex));
      if (component.length > 1) found.push(component.sort());
    }
    return low;
  };
  for (const vertex of graph.keys()) if (!index.has(vertex)) visit(vertex);
  return found;
}
