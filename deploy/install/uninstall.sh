# shellcheck shell=sh
# Part of install.sh: removes the recorded objects, and nothing else.
# Invariant: a host that is a node keeps the state that a leave needs; a file that was changed since stays.
# shellcheck disable=SC2154 # set by install.sh
[ -e "$record" ] || fail "nothing of xnet is installed below $prefix" 'was it installed with another --prefix?'
[ "$(id -u)" = 0 ] || fail 'this needs root' "run: sudo sh $0 --uninstall"
state=$(setting "$settings/xnetd.yaml" state-dir /var/lib/xnet)
run=$(setting "$settings/xnetd.yaml" run-dir /run/xnet)
data=$(setting "$settings/controller.yaml" data-dir /var/lib/xnet-controller)

is_member() { [ -e "$state/identity" ] || [ -e "$state/cache.json" ] || [ -e "$state/leaving" ] || [ -e "$state/docker.json" ]; }

if [ -z "$force" ] && is_member; then
  fail "nothing was removed: this host is a node, and leaving needs $state" \
    'run xnetd leave first' \
    "(--force removes the programs only: routes, rules, Docker's configuration and $state stay)"
fi
if [ -z "$force" ] && under_systemd && systemctl --quiet is-active xnet-controller.service; then
  fail 'nothing was removed: a controller runs here' \
    'run first: systemctl disable --now xnet-controller    (or use --force)'
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
      # The file may be from any of the recorded builds.
      if [ -f "$path" ] && noted file "$(sum "$path")" "$path"; then rm -f -- "$path"; fi
      if [ -e "$path" ]; then keep "$path"; fi
      ;;
  esac
done <"$record"
# After a leave only the lock files remain.
if ! is_member && [ -d "$state" ]; then
  rm -f -- "$state/lock" "$state/identity.lock"
  rmdir -- "$state" 2>/dev/null || :
fi
if [ -d "$run" ]; then rmdir -- "$run" 2>/dev/null || :; fi
[ ! -e "$state" ] || keep "$state"
[ ! -e "$data" ] || keep "$data"

folders=$(grep '^dir ' "$record" | cut -d ' ' -f 3- | LC_ALL=C sort -r)
rm -rf -- "$lib"
# Innermost first. A folder with other content stays.
for folder in $folders; do rmdir -- "$folder" 2>/dev/null || :; done
reload_systemd

say "xnet is removed from $prefix"
if [ -n "$kept" ]; then
  say 'kept:'
  printf '%s' "$kept" | sort -u
fi
