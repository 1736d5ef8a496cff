#!/bin/sh
# Makes the root file system of test/fresh.sh, which sources this file: a minimal Debian and a copy of the checkout, with the
# tools and the settings of this machine that this needs. Uses its $folder, $checkout, $suite, $packages, $default_mirror,
# $resolver and $builder, say and fail.

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
