# shellcheck shell=sh
# Part of install.sh: creates files, links and folders, and records them.
# Invariant: each object is recorded as a line "KIND DETAIL PATH" and then created in one step: a killed install.sh leaves
# no partial object under its final name, and no object that uninstalling does not know.
# shellcheck disable=SC2154 # prefix, lib, version and package are set by install.sh
record=$lib/installed

# lock: one install.sh at a time per prefix. The kernel releases the lock when the process ends.
lock() {
  exec 9<"$prefix"
  flock --nonblock 9 || {
    say 'waiting for another install.sh to finish'
    flock 9
  }
}

# begin_record: starts the record, with the folders that contain it.
begin_record() {
  fresh=
  for folder in "$prefix" "$prefix/lib" "$lib"; do
    [ -d "$folder" ] || fresh="$fresh $folder"
  done
  mkdir -p -- "$prefix"
  lock
  mkdir -p -- "$lib"
  for folder in $fresh; do note dir - "$folder"; done
}

note() {
  noted "$@" || printf '%s %s %s\n' "$1" "$2" "$3" >>"$record" || fail "could not write $record"
}

noted() { [ -e "$record" ] && grep -qxF "$1 $2 $3" "$record"; }

# is_ours PATH: whether the path does not exist or was made by this script.
is_ours() {
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then return 0; fi
  [ -e "$record" ] && cut -d ' ' -f 3- "$record" | grep -qxF "$1"
}

sum() { sha256sum <"$1" | cut -c 1-64; }

# make_folder PATH: with its parents.
make_folder() {
  if [ -d "$1" ]; then return 0; fi
  make_folder "$(dirname -- "$1")"
  note dir - "$1"
  mkdir -- "$1" || fail "could not make $1"
}

# make_user: the controller's user. Uninstalling keeps it, because it owns the files in the data directory.
make_user() {
  if id xnet >/dev/null 2>&1; then return 0; fi
  useradd --system --user-group --no-create-home --home-dir /var/lib/xnet-controller \
    --shell /usr/sbin/nologin --comment 'xnet controller' xnet || fail 'could not make the user xnet'
}

# make_link TARGET PATH: replaces what is there.
make_link() {
  if [ "$(readlink -- "$2" 2>/dev/null)" = "$1" ]; then return 0; fi
  make_folder "$(dirname -- "$2")"
  note link "$1" "$2"
  rm -f -- "$2.new"
  { ln -s -- "$1" "$2.new" && mv -fT -- "$2.new" "$2"; } || fail "could not make the link $2"
}

# make_file SOURCE PATH: sets `made` if the content changed.
make_file() {
  made=
  content=$(sum "$1")
  make_folder "$(dirname -- "$2")"
  note file "$content" "$2"
  if [ -f "$2" ] && [ "$(sum "$2")" = "$content" ]; then return 0; fi
  made=yes
  { cp -- "$1" "$2.new" && chmod 644 "$2.new" && mv -fT -- "$2.new" "$2"; } || {
    rm -f -- "$2.new"
    fail "could not write $2"
  }
}

whole() { (cd "$1" && sha256sum --check --quiet --strict SHA256SUMS >/dev/null 2>&1); }

# install_version: sets `target`, the folder name of this version, and `previous`, the version in use before. Another
# build of the same version gets a folder of its own, because a daemon may run from the first.
install_version() {
  build=$(sum "$package/SHA256SUMS" | cut -c 1-8)
  target=
  for candidate in "$version" "$version+$build"; do
    if [ ! -e "$lib/$candidate" ] ||
      { cmp -s "$package/SHA256SUMS" "$lib/$candidate/SHA256SUMS" && whole "$lib/$candidate"; }; then
      target=$candidate
      break
    fi
  done
  if [ -z "$target" ]; then
    # That folder is damaged: its name contains the checksum of other content.
    target=$version+$build
    rm -rf -- "${lib:?}/$target"
  fi
  if [ ! -e "$lib/$target" ]; then
    rm -rf -- "$lib/.new"
    # Synced before the rename: after a power failure, a folder without its content would count as installed.
    { cp -R --preserve=mode,timestamps -- "$package" "$lib/.new" && sync -f "$lib/.new" &&
      mv -T -- "$lib/.new" "$lib/$target"; } || {
      rm -rf -- "$lib/.new"
      fail "could not copy the package to $lib/$target" 'the former installation is unchanged'
    }
  fi
  previous=$(readlink -- "$lib/current" 2>/dev/null || :)
  make_link "$target" "$lib/current"
}

# remove_old_versions: keeps the previous version, for a rollback, and versions that a process runs from.
remove_old_versions() {
  if [ "$previous" = "$target" ]; then return 0; fi
  for folder in "$lib"/*/; do
    name=$(basename -- "$folder")
    if [ -L "${folder%/}" ] || [ "$name" = "$target" ] || [ "$name" = "$previous" ]; then continue; fi
    if [ -n "$(find /proc -maxdepth 2 -name exe -lname "$lib/$name/*" 2>/dev/null)" ]; then continue; fi
    rm -rf -- "${lib:?}/$name"
  done
}
