#!/bin/sh
# Runs the README's commands as a new user does: on a Debian 12 that has Node.js and npm, and nothing else.
# Invariant: nothing of this machine but its kernel, its devices and its way to the network is visible to them, and
# nothing of them is left when this script ends, however it ends.
#
# usage: sh test/fresh.sh [--keep] [PART]...     PART: pack, demo, unit, contract, integration, net, chaos, e2e; all by default
#
# Needs root. The root file system is made anew by mmdebstrap in a folder of its own below $XNET_FRESH_DIR (default
# /var/tmp); mount, PID, network, IPC and UTS namespaces are its own, too. Its only way out is slirp4netns, a network stack
# in user space, so no rule or link of this machine is changed. mmdebstrap and slirp4netns are installed when missing.
# --keep keeps the folder, to look around in. XNET_FRESH_TIMEOUT limits the whole run, in seconds (default 4500).
# The last line is "N passed, N failed": the tests, and packing and the demo as one more each. The exit code is 0 if nothing failed.
set -eu

suite=bookworm
# What the README says a user has. ca-certificates is what both come with on any real machine.
packages=nodejs,npm,ca-certificates
default_mirror=http://deb.debian.org/debian
timeout=${XNET_FRESH_TIMEOUT:-4500}
known='pack demo unit contract integration net chaos e2e'
# From the range for benchmarks (RFC 2544), which no test uses.
cidr=198.18.255.0/24
resolver=198.18.255.3

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
keep=
folder=
builder=
inner=
network=

say() { echo "fresh: $*" >&2; }

# fail MESSAGE: ends with the line that programs read, so that a run that could not begin does not look like none.
fail() {
  say "$*"
  echo '0 passed, 1 failed'
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=yes ;;
    -h | --help)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"
      exit 0
      ;;
    *) break ;;
  esac
  shift
done
for part; do
  case " $known " in
    *" $part "*) ;;
    *)
      say "no such part: $part; there are $known"
      exit 2
      ;;
  esac
done
parts=${*:-$known}

[ "$(id -u)" = 0 ] || fail 'this needs root: sudo npm run test:fresh'
[ "$(uname -s)" = Linux ] || fail 'this needs Linux'

# shellcheck source=test/fresh/root.sh
. "$checkout/test/fresh/root.sh"

# end CODE: everything inside ends with the first process of its PID namespace, and its mounts with it.
end() {
  code=$?
  trap - EXIT
  [ -z "$builder" ] || kill "$builder" 2>/dev/null || :
  [ -z "$inner" ] || kill -KILL "$inner" 2>/dev/null || :
  [ -z "$network" ] || kill "$network" 2>/dev/null || :
  wait
  if [ -n "$folder" ]; then
    if [ -n "$keep" ]; then
      say "kept: $folder/root"
    else
      rm -rf --one-file-system "$folder" || say "left over: $folder"
    fi
  fi
  exit "$code"
}
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# inside COMMAND...: runs it in the root, in namespaces of its own, with the environment that a login has.
inside() {
  mkfifo "$folder/up" "$folder/go" "$folder/ready"
  # Opened for both, so that neither side waits for the other to open it, nor for ever for one that died.
  exec 5<>"$folder/up" 6<>"$folder/go" 7<>"$folder/ready"
  # shellcheck disable=SC2046 # variables without blanks
  unshare --mount --pid --net --ipc --uts --fork --kill-child=SIGKILL \
    env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ${CI:+CI="$CI"} $(npm_settings) npm_config_cafile=/etc/ssl/certs/ca-certificates.crt \
    npm_config_update_notifier=false sh -c "$(cat "$checkout/test/fresh/enter.sh")" sh "$folder/root" "$@" 3>"$folder/up" 4<"$folder/go" 5>&- 6>&- 7>&- </dev/null &
  inner=$!
  read -r _ <&5
  slirp4netns --configure --mtu=65520 --disable-host-loopback --cidr="$cidr" --ready-fd=7 "$inner" tap0 \
    >"$folder/network.log" 2>&1 3>&- 4>&- 5>&- 6>&- &
  network=$!
  head -c 1 <&7 >/dev/null
  echo go >&6
  exec 5>&- 6>&- 7>&-
  status=0
  wait "$inner" || status=$?
  inner=
  kill "$network" 2>/dev/null || :
  wait "$network" 2>/dev/null || :
  network=
  rm -f "$folder/up" "$folder/go" "$folder/ready"
  return "$status"
}

base=${XNET_FRESH_DIR:-/var/tmp}
mkdir -p "$base"
folder=$(mktemp -d "$base/xnet-fresh.XXXXXX")
chmod 755 "$folder"
began=$(date +%s)
get_tools
make_root
copy_checkout
say "made a Debian $suite with $packages in $(($(date +%s) - began)) s"

status=0
# shellcheck disable=SC2086
inside timeout --kill-after=30 "$timeout" sh /root/xnet/test/fresh/commands.sh $parts || status=$?
if [ "$status" = 124 ] || [ "$status" = 137 ]; then fail "not done within $timeout s"; fi
exit "$status"
