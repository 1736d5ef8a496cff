# shellcheck shell=sh
# Part of install.sh: checks whether xnet can be installed and run here, and reports all problems at once.
# Invariant: nothing is changed.
# shellcheck disable=SC2154 # set by install.sh
problems=
advice=
package=$here
checkout=

# problem WHAT [WHAT TO DO]
problem() { problems="$problems  - $1
${2:+      $2
}"; }
# advise WHAT [WHAT TO DO]: a note that does not block the installation.
advise() { advice="$advice  - $1
${2:+      $2
}"; }

[ "$(id -u)" = 0 ] || problem 'this needs root' "run: sudo sh $0 $role"
[ "$(uname -s)" = Linux ] || problem "xnet runs on Linux, this is $(uname -s)"
case $(uname -m) in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-arm64 ;;
  *) platform=linux-$(uname -m) ;;
esac

check_package() {
  built_for=$(cat "$package/PLATFORM")
  if [ "$built_for" != "$platform" ]; then
    problem "this package is for $built_for, this machine is $platform" "use xnet-VERSION-$platform.tar.gz"
  elif ! ran=$("$package/bin/node" --print 1 2>&1 </dev/null); then
    if ldd --version 2>&1 | grep -qi musl; then
      problem 'the C library of this machine is musl' 'xnet needs glibc: Debian, Ubuntu, Fedora and the like'
    else
      problem "the Node.js of this package does not run here: $(printf '%s' "$ran" | tail -n 1)" \
        'pack it (sh deploy/pack.sh) on a machine that is not newer than this one'
    fi
  fi
  whole "$package" || problem 'this package is not whole: files are missing or changed' 'unpack it again'
}

if [ -e "$here/bin/node" ]; then check_package
elif [ -e "$here/pack.sh" ]; then
  checkout=yes
  [ -e "$here/../node_modules/.bin/tsc" ] || problem 'this checkout was not built' \
    "run: sudo sh $here/setup.sh    or install a package made elsewhere (sh deploy/pack.sh)"
else
  problem "$here is not a complete package of xnet" 'unpack it again: tar -xzf xnet-*.tar.gz'
fi

missing=
# needs PROGRAM PACKAGE
needs() { has "$1" || missing="$missing $2"; }

check_node() {
  needs nft nftables
  needs iptables iptables
  needs conntrack conntrack
  has dockerd || advise 'Docker is not installed here' 'apt-get install docker.io    (xnetd waits for it)'
  kernel=$(uname -r)
  minor=${kernel#*.}
  minor=${minor%%[!0-9]*}
  if [ "${kernel%%.*}" -lt 5 ] || { [ "${kernel%%.*}" -eq 5 ] && [ "$minor" -lt 3 ]; }; then
    advise "the kernel $kernel has no next-hop objects; 5.3 and later have" \
      'xnetd works without them, but thousands of routes take seconds'
  fi
}

check_controller() {
  needs setpriv util-linux
  if [ -n "$unit_files" ]; then needs useradd passwd; fi
  if grep -qs '^etcd-endpoints:' "$settings/controller.yaml"; then return 0; fi
  needs etcd etcd-server
}

[ -z "$is_node" ] || check_node
[ -z "$is_controller" ] || check_controller
if [ -n "$missing" ] && [ -z "$force" ]; then
  problem "programs of these packages are missing:$missing" "run: apt-get install$missing    (--force installs without them)"
fi

# nearest PATH: the path itself, or its nearest existing parent.
nearest() {
  at=$1
  while [ ! -e "$at" ]; do at=$(dirname -- "$at"); done
  printf '%s\n' "$at"
}

for folder in "$lib" "$prefix/bin" "$prefix/share" "$settings" ${unit_files:+"$units"}; do
  at=$(nearest "$folder")
  if [ ! -d "$at" ] || [ ! -w "$at" ]; then problem "$folder: $at can't be written"; fi
done
for program in $programs; do
  is_ours "$prefix/bin/$program" ||
    problem "$prefix/bin/$program exists and was not made by install.sh" 'move it away, or use another --prefix'
done
for unit in $unit_files; do
  is_ours "$units/$unit" || problem "$units/$unit exists and was not made by install.sh" 'move it away'
  if [ "$units" != /etc/systemd/system ] && [ -e "/etc/systemd/system/$unit" ]; then
    advise "/etc/systemd/system/$unit overrides the unit of this package" "to change settings, use: systemctl edit $unit"
  fi
done

# In KiB. For a checkout, an estimate.
wanted=150000
[ -n "$checkout" ] || wanted=$(du -sk -- "$package" | cut -f 1)
at=$(nearest "$lib")
free=$(df -Pk -- "$at" | awk 'NR == 2 { print $4 }')
[ "$free" -ge "$((wanted + 10000))" ] ||
  problem "$at has $((free / 1024)) MB free; $(((wanted + 10000) / 1024)) MB are needed"

if [ -n "$problems" ]; then
  printf 'install: nothing was changed:\n%s' "$problems" >&2
  exit 1
fi
