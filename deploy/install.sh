#!/bin/sh
# Installs xnet on this machine from an unpacked package, or from a checkout, which it packs first. Also uninstalls it.
#
# usage: sudo sh install.sh [node|controller|all] [--prefix FOLDER] [--force]
#        sudo sh install.sh --uninstall [--prefix FOLDER] [--force]
#   node        a Docker host: xnetd and xctl
#   controller  xnet-controller and xctl
#   all         both; without a role, the installed roles are upgraded to this version
#   --prefix    default /usr/local
#   --force     install despite missing programs; uninstall despite this host being a node
#
# A version is copied to PREFIX/lib/xnet/VERSION, then the link PREFIX/lib/xnet/current is switched to it atomically:
# running daemons continue with their own files. Settings in /etc/xnet are never overwritten. Installing starts, stops and
# enables no service. All checks come first; if one fails, nothing is changed. After a kill, rerun it.
# PREFIX/lib/xnet/installed lists everything it makes, and uninstalling removes only that.
set -eu
umask 022
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL

settings=/etc/xnet
prefix=/usr/local
role=
uninstall=
force=
scratch=

say() { printf '%s\n' "$*"; }

# fail MESSAGE [WHAT TO DO]...
fail() {
  printf 'install: %s\n' "$1" >&2
  shift
  for line; do printf '  %s\n' "$line" >&2; done
  exit 1
}

usage() { sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$here/install.sh"; }

wrong_usage() {
  printf 'install: %s\n' "$1" >&2
  usage | sed -n '/^usage/,/^$/p' >&2
  exit 2
}

has() { command -v "$1" >/dev/null 2>&1; }

under_systemd() { [ -d /run/systemd/system ] && has systemctl; }

reload_systemd() {
  if under_systemd && ! systemctl daemon-reload; then say 'systemd failed to reload its units; run: systemctl daemon-reload'; fi
}

# setting FILE NAME DEFAULT: a plain "name: value" of a settings file.
setting() {
  value=$(sed -n "s/^$2:[[:space:]]*//p" "$1" 2>/dev/null |
    sed "s/[[:space:]]*\(#.*\)\{0,1\}\$//; s/^[\"']//; s/[\"']\$//" | tail -n 1)
  printf '%s\n' "${value:-$3}"
}

finish() { [ -z "$scratch" ] || rm -rf "$scratch"; }
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

while [ $# -gt 0 ]; do
  case $1 in
    node | controller | all)
      [ -z "$role" ] || wrong_usage "more than one role: $role and $1"
      role=$1
      ;;
    --prefix)
      [ $# -ge 2 ] || wrong_usage '--prefix needs a folder'
      prefix=$2
      shift
      ;;
    --prefix=*) prefix=${1#*=} ;;
    --uninstall) uninstall=yes ;;
    --force) force=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) wrong_usage "unknown argument: $1" ;;
  esac
  shift
done
# The prefix is written into units and links unescaped.
case $prefix in
  *[!A-Za-z0-9._/-]* | */../* | */.. | */./* | */.)
    wrong_usage "--prefix may contain only letters, digits, dots, dashes and slashes: $prefix"
    ;;
  /*) ;;
  *) wrong_usage "--prefix must be an absolute path: $prefix" ;;
esac
prefix=$(printf '%s' "$prefix" | tr -s /)
prefix=${prefix%/}
[ -n "$prefix" ] || wrong_usage '--prefix must be a folder below /'

lib=$prefix/lib/xnet
case $prefix in
  # systemd reads this folder; units of an administrator in /etc/systemd/system take precedence.
  /usr | /usr/local) units=$prefix/lib/systemd/system ;;
  *) units=/etc/systemd/system ;;
esac
# shellcheck source=SCRIPTDIR/install/record.sh
. "$here/install/record.sh"

if [ -n "$uninstall" ]; then
  [ -z "$role" ] || wrong_usage '--uninstall removes all roles and takes none'
  # shellcheck source=SCRIPTDIR/install/uninstall.sh
  . "$here/install/uninstall.sh"
  exit
fi

if [ -z "$role" ]; then
  if [ -e "$prefix/bin/xnetd" ]; then role=node; fi
  if [ -e "$prefix/bin/xnet-controller" ]; then role=${role:+all} role=${role:-controller}; fi
  [ -n "$role" ] || wrong_usage 'which role: node, controller or all?'
fi
is_node=yes
is_controller=yes
[ "$role" != controller ] || is_node=
[ "$role" != node ] || is_controller=
programs=xctl${is_node:+ xnetd}${is_controller:+ xnet-controller}
examples=${is_node:+xnetd.yaml }${is_controller:+controller.yaml}
unit_files=
if has systemctl; then
  unit_files="${is_node:+xnetd.service xnet-online.target} ${is_controller:+xnet-controller.service}"
fi

# Sets `package`, `checkout` and `advice`, and changes nothing.
# shellcheck source=SCRIPTDIR/install/checks.sh
. "$here/install/checks.sh"

if [ -n "$checkout" ]; then
  scratch=$(mktemp -d /var/tmp/xnet-install.XXXXXX)
  say "packing $(dirname -- "$here")"
  package=$(sh "$here/pack.sh" --unpacked --output "$scratch")
fi
version=$(cat "$package/VERSION")
case $version in
  '' | *[!A-Za-z0-9.+-]* | .*) fail "the package has no version: $version" ;;
esac

begin_record
install_version
# Not in the package: it is of this Node.js on this machine, and no two are equal. Only the speed of a start depends on it.
# With other options of V8 than those of the service it would never be used. A controller's upgrade is one of xnetd as well.
if [ -n "$is_node" ] || [ -e "$prefix/bin/xnetd" ]; then
  env -u NODE_OPTIONS timeout 60 \
    "$lib/$target/bin/node" "$lib/$target/dist/bin/xnetd.js" --make-compile-cache </dev/null >/dev/null 2>&1 || :
fi
for program in $programs; do
  make_link "$lib/current/bin/$program" "$prefix/bin/$program"
done
if [ -n "$is_controller" ] && [ -n "$unit_files" ]; then make_user; fi
reload=
for unit in $unit_files; do
  sed "s#/usr/local/bin/#$prefix/bin/#" "$package/systemd/$unit" >"$lib/.made"
  make_file "$lib/.made" "$units/$unit"
  if [ -n "$made" ]; then reload=yes; fi
done
for example in $examples; do
  if [ ! -e "$settings/$example" ]; then make_file "$package/examples/$example" "$settings/$example"; fi
done

# completion SHELL PATH
completion() {
  if "$lib/current/bin/xctl" completion "$1" >"$lib/.made" 2>/dev/null && [ -s "$lib/.made" ]; then
    make_file "$lib/.made" "$2"
  fi
}
completion bash "$prefix/share/bash-completion/completions/xctl"
completion zsh "$prefix/share/zsh/site-functions/_xctl"
completion fish "$prefix/share/fish/vendor_completions.d/xctl.fish"
rm -f -- "$lib/.made"
remove_old_versions
if [ -n "$reload" ]; then reload_systemd; fi

say "xnet $version is installed in $lib/$target"
if [ -z "$unit_files" ]; then
  say 'not done, as there is no systemd here:'
  say '  no units: have your service manager start xnet as root, and restart it when it exits'
  if [ -n "$is_controller" ]; then
    say '  no user xnet: create it, and a folder /var/lib/xnet-controller of mode 0700 that it owns'
  fi
fi
if [ -n "$advice" ]; then printf 'notes:\n%s' "$advice"; fi
[ "$(command -v xctl || :)" = "$prefix/bin/xctl" ] || say "add $prefix/bin to your PATH"
next() { printf '  %-9s  %s\n' "$1" "$2"; }
runs() { under_systemd && systemctl --quiet is-active "$1"; }
if [ -n "$is_controller" ]; then
  say 'the controller:'
  if runs xnet-controller; then
    next restart 'systemctl restart xnet-controller    (until then the old version runs; no host loses a route)'
  else
    next settings "$settings/controller.yaml: set listen to the address that hosts reach it by"
    if has systemctl; then next start 'systemctl enable --now xnet-controller'; else next start xnet-controller; fi
    next cluster 'xctl init --pool 10.76.0.0/16    (on the first one; copy its cluster.key to others before they start)'
    next hosts 'xctl nodes add NAME --address ADDRESS    for each'
  fi
fi
if [ -n "$is_node" ]; then
  say 'this host:'
  if runs xnetd; then
    next restart 'systemctl restart xnetd    (until then the old version runs; no route changes)'
  else
    next join 'the command that xctl nodes add prints'
    if has systemctl; then
      next start 'systemctl enable --now xnetd'
    else
      next start 'xnetd run    by whatever starts your services, before Docker'
    fi
    next look 'xnetd status'
  fi
fi
say "to remove it: sh $lib/current/install.sh --uninstall$([ "$prefix" = /usr/local ] || printf ' --prefix %s' "$prefix")"
