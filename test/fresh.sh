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

# --- what this machine lends -----------------------------------------------------------------------------------------

has() { command -v "$1" >/dev/null 2>&1; }

get_tools() {
  missing=
  has mmdebstrap || missing="$missing mmdebstrap"
  has slirp4netns || missing="$missing slirp4netns"
  [ -n "$missing" ] || return 0
  has apt-get || fail "this is no Debian, and these are missing:$missing"
  say "installs$missing on this machine"
  # shellcheck disable=SC2086 # a list of package names
  { apt-get --quiet update || :; } >"$folder/tools.log" 2>&1 &&
    DEBIAN_FRONTEND=noninteractive apt-get --quiet --assume-yes -o DPkg::Lock::Timeout=300 \
      install --no-install-recommends --no-upgrade --no-remove $missing >>"$folder/tools.log" 2>&1 || {
    tail -n 8 "$folder/tools.log" >&2
    fail "can't install$missing"
  }
}

# The sources of the release that this machine's own apt has, if it has any: its mirror is the one that is near.
sources() {
  near=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 2>/dev/null |
    awk -v suite="$suite" '$1 ~ /debian/ && $3 == "main" && ($2 == suite || index($2, suite "-") == 1) && !seen[$0]++ {
      print "deb", $1, $2, $3 }') || near=
  if ! echo "$near" | grep -q " $suite main"; then near="deb $default_mirror $suite main"; fi
  echo "$near"
}

# How this machine's apt reaches its mirrors: proxies, and checks that were turned off for them.
apt_settings() {
  apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https|Check-|Retries)' || :
}

# How this machine's npm reaches its registry, as environment variables of the commands.
npm_settings() {
  for key in registry proxy https-proxy noproxy strict-ssl; do
    value=$(npm config get "$key" 2>/dev/null) || continue
    case $value in '' | null | undefined) ;; *) echo "npm_config_$(echo "$key" | tr - _)=$value" ;; esac
  done
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || echo "$name=$value"
  done
}

# --- the root --------------------------------------------------------------------------------------------------------

make_root() {
  apt_settings >"$folder/apt.conf"
  sources >"$folder/sources.list"
  # In the background: a shell takes in a signal only when what it waits for is no foreground process.
  mmdebstrap --mode=root --variant=minbase --include="$packages" --aptopt="$folder/apt.conf" \
    "$suite" "$folder/root" "$folder/sources.list" >"$folder/root.log" 2>&1 </dev/null &
  builder=$!
  wait "$builder" || {
    builder=
    grep -E '^(E|W|Err)\b' "$folder/root.log" | tail -n 8 >&2
    fail "can't make a Debian $suite"
  }
  builder=
  # Certificate authorities that the operator of this machine added, which a proxy may need.
  if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$folder/root/etc/ssl/certs/ca-certificates.crt"
  fi
  echo "nameserver $resolver" >"$folder/root/etc/resolv.conf"
  printf '127.0.0.1 localhost fresh\n' >"$folder/root/etc/hosts"
  echo fresh >"$folder/root/etc/hostname"
}

# What is tracked, and what is new and not ignored; never what somebody built or installed.
copy_checkout() {
  mkdir -p "$folder/root/root/xnet"
  if git -C "$checkout" rev-parse --git-dir >/dev/null 2>&1; then
    # A file that is deleted and not committed is still listed.
    (cd "$checkout" && git ls-files -z --cached --others --exclude-standard |
      xargs -0 sh -c 'for file; do [ ! -e "$file" ] && [ ! -L "$file" ] || printf "%s\0" "$file"; done' sh)
  else
    (cd "$checkout" && find . \( -name node_modules -o -name dist -o -name .cache -o -name .git \) -prune -o ! -type d -print0)
  fi | tar --create --directory "$checkout" --null --no-recursion --files-from - |
    tar --extract --no-same-owner --directory "$folder/root/root/xnet"
}

# Runs as the first process of the namespaces. $1: the root, $2: the hostname; the rest: a command in there.
# shellcheck disable=SC2016
enter='
set -eu
root=$1
shift
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs dev
for device in null zero full random urandom tty fuse kmsg net/tun loop-control loop0 loop1 loop2 loop3 loop4 loop5 loop6 loop7; do
  [ -e "/dev/$device" ] || continue
  mkdir -p "dev/$(dirname "$device")"
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t mqueue mqueue dev/mqueue
mount -t tmpfs -o mode=0755 tmpfs run
mkdir run/lock
chmod 1777 run/lock
if [ -d "/lib/modules/$(uname -r)" ]; then
  mkdir -p lib/modules
  mount --bind /lib/modules lib/modules
  mount -o remount,bind,ro lib/modules
fi
hostname fresh
mkdir -p .outer
pivot_root . .outer
umount --lazy /.outer
rmdir /.outer
echo up >&3
read -r _ <&4
exec 3>&- 4<&-
# Not by exec: the first process is the parent of every orphan, and a shell that waits takes in those that have ended.
status=0
"$@" || status=$?
exit "$status"
'

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
    npm_config_update_notifier=false sh -c "$enter" sh "$folder/root" "$@" 3>"$folder/up" 4<"$folder/go" 5>&- 6>&- 7>&- </dev/null &
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

# What a user types. Packing comes first, where nothing but what it installs can be there.
# shellcheck disable=SC2016
commands='
cd /root/xnet
passed=0 failed=0 tests=
count() {
  echo "$1 $2"
  if [ "$2" = passed ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
packs() {
  sh deploy/setup.sh --build && sh deploy/pack.sh --output /root || return 1
  for program in etcd nft bird iperf3 busybox; do
    if command -v "$program"; then
      echo "packing has installed $program"
      return 1
    fi
  done
}
for part; do
  case $part in
    pack)
      echo "\$ sudo sh deploy/setup.sh --build && sh deploy/pack.sh"
      if packs; then count pack passed; else count pack failed; fi
      ;;
    demo)
      echo "\$ sudo npm run demo"
      if npm run demo; then count demo passed; else count demo failed; fi
      ;;
    *) tests="$tests $part" ;;
  esac
done
if [ -n "$tests" ]; then
  echo "\$ sudo npm test --$tests"
  code=0
  # Before the tests start, so that tail finds it.
  : >/root/tests.log
  # shellcheck disable=SC2086
  npm test --$tests >/root/tests.log 2>&1 &
  runner=$!
  tail --pid="$runner" --lines=+1 --sleep-interval=0.5 --follow /root/tests.log || :
  wait "$runner" || code=$?
  # A run that was killed prints no such line.
  line=$(grep -xE "[0-9]+ passed, [0-9]+ failed" /root/tests.log | tail -n 1)
  line=${line:-0 passed, 1 failed}
  passed=$((passed + ${line%% *}))
  line=${line#*, }
  failed=$((failed + ${line%% *}))
  if [ "$code" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
'

status=0
# shellcheck disable=SC2086
inside timeout --kill-after=30 "$timeout" sh -c "$commands" sh $parts || status=$?
if [ "$status" = 124 ] || [ "$status" = 137 ]; then fail "not done within $timeout s"; fi
exit "$status"
