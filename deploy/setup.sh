#!/bin/sh
# Prepares a Debian machine to build, test and try xnet. It installs missing Debian packages, Node.js and npm packages,
# and builds the programs. It changes nothing that is already there. It may be rerun at any time, run several times at
# once, and started from any folder.
#
# usage: sh deploy/setup.sh [--build]
#   --build   install only what compiling and packing need: no etcd, no firewall tools, no lab
#
# Installing Debian packages needs root, the rest does not. No service is started or enabled, no installed package is
# removed or upgraded. When the machine's Node.js does not fit, .cache/node/path holds the folder of the one to use;
# deploy/run.sh reads it. The steps are in deploy/setup.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cache=$root/.cache
log=$cache/setup.log
locked=
worked=
# npm puts the executables of npm packages first in PATH. One of them is called nft and is not nftables.
PATH=$(printf '%s\n' "$PATH" | tr ':' '\n' | grep -vE '(^|/)(node_modules/\.bin|node-gyp-bin)/?$' | tr '\n' ':')
PATH=$PATH/usr/local/sbin:/usr/sbin:/sbin
export PATH

build_only=
case $*:$# in
  :0) ;;
  --build:1) build_only=yes ;;
  -h:1 | --help:1)
    sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$0"
    exit 0
    ;;
  *)
    echo 'usage: sh deploy/setup.sh [--build]' >&2
    exit 2
    ;;
esac

say() { echo "set-up: $*" >&2; }

# fail MESSAGE [WHAT TO DO]...
fail() {
  say "$1"
  shift
  for line; do echo "  $line" >&2; done
  exit 1
}

# step NAME COMMAND...: runs a command with its output in the log and prints one line with the time it took. `set -e`
# has no effect in the command, so the command has to return its failure. It inherits the locks: if this script is
# killed and the command goes on, the next set-up waits for the command.
step() {
  name=$1
  shift
  worked=yes
  began=$(date +%s)
  printf 'set-up: %s ... ' "$name" >&2
  if "$@" >"$log" 2>&1 </dev/null; then
    echo "$(($(date +%s) - began)) s" >&2
  else
    echo "failed after $(($(date +%s) - began)) s" >&2
    tail -n 8 "$log" | sed 's/^/  | /' >&2
    if grep -qiE 'no space left|ENOSPC' "$log"; then
      fail 'the disk is full' "free some space (about 1.5 GB in total) and rerun it"
    elif grep -qE 'Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Connection timed out|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH' "$log"; then
      fail 'the network is unreachable' \
        'behind a proxy: set Acquire::http::Proxy in /etc/apt/apt.conf.d, and npm config set proxy URL' \
        'then rerun it; completed steps are skipped'
    fi
    fail "$name: failed" "the full output is in $log"
  fi
}

has() { command -v "$1" >/dev/null 2>&1; }

# Gives what root made in another user's clone to that user, and lets services start again.
finish() {
  [ -z "$locked" ] || settle_services
  [ "$worked" = yes ] && [ "$(id -u)" = 0 ] || return 0
  owner=$(stat -c %u:%g "$root")
  [ "$owner" != 0:0 ] || return 0
  for made in "$cache" "$root/node_modules" "$root/dist"; do
    [ ! -e "$made" ] || chown -hR "$owner" "$made"
  done
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# shellcheck source=SCRIPTDIR/setup/packages.sh
. "$root/deploy/setup/packages.sh"
# shellcheck source=SCRIPTDIR/setup/node.sh
. "$root/deploy/setup/node.sh"
# shellcheck source=SCRIPTDIR/setup/build.sh
. "$root/deploy/setup/build.sh"

if ! mkdir -p "$cache" 2>/dev/null; then
  fail "can't write to $root" "run: sudo sh $root/deploy/setup.sh"
fi
# flock needs read access only, so the lock also works on a file that root made.
lock=$cache/setup.lock
[ -e "$lock" ] || : >"$lock"
exec 9<"$lock"
flock --nonblock 9 || {
  say 'waiting for another set-up to finish'
  flock 9
}
[ -w "$cache" ] || log=$(mktemp)
packages
choose_node
modules
build
