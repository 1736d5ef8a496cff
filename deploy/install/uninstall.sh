# shellcheck shell=sh
# Part of install.sh: takes away what is written down as made, and nothing else.
# Invariant: a host that is a node keeps what leads back to how it was before; a file that was changed since stays.
# shellcheck disable=SC2154 # set by install.sh
[ -e "$record" ] || fail "nothing of xnet is installed below $prefix" 'was it with another --prefix?'
[ "$(id -u)" = 0 ] || fail 'this needs root' "run: sudo sh $0 --uninstall"
state=$(setting "$settings/xnetd.yaml" state-dir /var/lib/xnet)
run=$(setting "$settings/xnetd.yaml" run-dir /run/xnet)
data=$(setting "$settings/controller.yaml" data-dir /var/lib/xnet-controller)

is_member() { [ -e "$state/identity" ] || [ -e "$state/cache.json" ] || [ -e "$state/leaving" ] || [ -e "$state/docker.json" ]; }

if [ -z "$force" ] && is_member; then
  fail "nothing was removed: this host is a node, and $state leads back to how it was before" \
    'run: xnetd leave    then this again' \
    "(--force removes the programs, and leaves routes, rules, Docker's configuration and $state as they are)"
fi
if [ -z "$force" ] && under_systemd && systemctl --quiet is-active xnet-controller.service; then
  fail 'nothing was removed: a controller runs here' \
    'run: systemctl disable --now xnet-controller    then this again (or --force)'
fi
lock

for unit in xnetd.service xnet-controller.service; do
  [ -e "$units/$unit" ] || continue
  if under_systemd; then
    systemctl --quiet disable --now "$unit" || :
    systemctl reset-failed "$unit" 2>/dev/null || :
  elif has systemctl; then systemctl --quiet disable "$unit" || :
  fi
done
if under_systemd && [ -e "$units/xnet-online.target" ]; then systemctl stop xnet-online.target || :; fi

kept=
keep() { kept="$kept  $1
"; }
while read -r kind detail path; do
  case $kind in
    link) if [ "$(readlink -- "$path" 2>/dev/null)" = "$detail" ]; then rm -f -- "$path"; fi ;;
    file)
      # Of several builds, any may be the one that is there.
      if [ -f "$path" ] && noted file "$(sum "$path")" "$path"; then rm -f -- "$path"; fi
      if [ -e "$path" ]; then keep "$path"; fi
      ;;
  esac
done <"$record"
# A daemon that has left keeps its locks there, and nothing else.
if ! is_member && [ -d "$state" ]; then
  rm -f -- "$state/lock" "$state/identity.lock"
  rmdir -- "$state" 2>/dev/null || :
fi
if [ -d "$run" ]; then rmdir -- "$run" 2>/dev/null || :; fi
[ ! -e "$state" ] || keep "$state"
[ ! -e "$data" ] || keep "$data"

folders=$(grep '^dir ' "$record" | cut -d ' ' -f 3- | LC_ALL=C sort -r)
rm -rf -- "$lib"
# Innermost first. One that something else is in stays.
for folder in $folders; do rmdir -- "$folder" 2>/dev/null || :; done
reload_systemd

say "xnet is removed from $prefix"
if [ -n "$kept" ]; then
  say 'kept:'
  printf '%s' "$kept" | sort -u
fi
