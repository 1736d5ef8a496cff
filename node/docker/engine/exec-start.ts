// The command line by which a unit starts dockerd, as its files have it, and the drop-in that removes a flag from it.
// Pure.
// Invariant: except for the flag, the text stays as it was written, with variables and quotes.

/** UnitFile is a file of a unit and its text. */
export type UnitFile = { readonly path: string; readonly text: string };

/** ExecStart is the command line of a unit: "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS". */
export type ExecStart = { readonly path: string; readonly command: string };

/**
 * execStartOf returns the command line that the files of a unit give, in systemd's order: the unit, then drop-ins. It is
 * undefined if there is none or more than one.
 */
export function execStartOf(files: readonly UnitFile[]): ExecStart | undefined {
  let found: ExecStart[] = [];
  for (const { path, text } of files) {
    let section = '';
    // A backslash at the end continues a line (systemd.syntax(7)).
    for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
      if (/^\s*[#;]/.test(line)) continue;
      section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
      const command = section === 'Service' ? /^\s*ExecStart\s*=\s*(.*?)\s*$/.exec(line)?.[1] : undefined;
      if (command === '') found = [];
      else if (command !== undefined) found.push({ path, command });
    }
  }
  const [only, ...others] = found;
  return others.length === 0 ? only : undefined;
}

const bipFlag = /\s+--bip(?:=|\s+)(?:"[^"]*"|'[^']*'|\S+)/g;

/** withoutBip returns a command line without the flag --bip; undefined if it has none of its own. */
export function withoutBip(command: string): string | undefined {
  const without = command.replace(bipFlag, '');
  return without === command ? undefined : without;
}

/** argvWithoutBip returns arguments of dockerd without the flag --bip. */
export function argvWithoutBip(argv: readonly string[]): readonly string[] {
  return argv.filter((word, index) => word !== '--bip' && argv[index - 1] !== '--bip' && !word.startsWith('--bip='));
}

/** dropInText returns the text of the drop-in with another command line. */
export function dropInText(command: string): string {
  return `# xnetd has moved --bip to daemon.json (move-bip); xnetd leave moves it back.\n[Service]\nExecStart=\nExecStart=${command}\n`;
}
