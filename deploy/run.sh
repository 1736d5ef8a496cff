#!/bin/sh
# Runs a script of this repository after deploy/setup.sh has prepared the machine.
#
# usage: sh deploy/run.sh SCRIPT [ARGUMENT]...     SCRIPT is relative to the repository: dist/deploy/lab/commands.js
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
if [ $# -eq 0 ]; then
  echo 'usage: sh deploy/run.sh SCRIPT [ARGUMENT]...' >&2
  exit 2
fi
sh "$root/deploy/setup.sh"
if [ -e "$root/.cache/node/path" ]; then
  PATH=$(cat "$root/.cache/node/path"):$PATH
fi
# npm puts the executables of npm packages first in PATH. One of them is called nft and is not nftables.
PATH=$(printf '%s\n' "$PATH" | tr ':' '\n' | grep -vE '(^|/)(node_modules/\.bin|node-gyp-bin)/?$' | tr '\n' ':')
PATH=$PATH/usr/local/sbin:/usr/sbin:/sbin
export PATH
script=$1
shift
case $script in
  /*) ;;
  *) script=$root/$script ;;
esac
exec node "$script" "$@"
