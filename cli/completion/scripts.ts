// The shell scripts that call `xctl __complete`. They contain no command names: those come from xctl itself, so an
// installed script stays valid.

const bash = `# bash completion of xctl
_xctl() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(xctl __complete bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  # Of a folder there is more to type.
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _xctl xctl
`;

const zsh = `#compdef xctl
# zsh completion of xctl
_xctl() {
  local line
  local -a values
  for line in "\${(@f)$(xctl __complete words "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe -t xctl xctl values
}
if [[ \${funcstack[1]} == _xctl ]]; then _xctl "$@"; else compdef _xctl xctl; fi
`;

const fish = `# fish completion of xctl
function __xctl_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    xctl __complete words $before[2..-1] "$current" 2>/dev/null
end
complete -c xctl -f -a '(__xctl_complete)'
`;

/** completionScripts are the scripts, by shell. */
export const completionScripts = { bash, zsh, fish } as const;
