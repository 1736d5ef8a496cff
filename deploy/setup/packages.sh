# The Debian packages that setup.sh installs. Sourced by setup.sh, which defines say, fail, step, has and finish.
# Invariant: no service starts because of an installation, neither now nor at the next boot; no package is removed or
# upgraded.
# shellcheck shell=sh disable=SC2154 # variables of setup.sh

policy=/usr/sbin/policy-rc.d
policy_mark='# made by deploy/setup.sh of xnet, and removed by it'

# wanted_packages prints the missing packages. A package counts as present if its command or file exists, however it was
# installed. Compiling and packing need only those marked "build".
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
fping fping
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
    # A dynamically linked program names its loader in its first page.
    if [ -x "$candidate" ] && ! head -c 4096 "$candidate" | grep -qaF /ld-; then return 0; fi
  done
  return 1
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# forbid_services PACKAGE...: package scripts run policy-rc.d before they start a service (invoke-rc.d(8),
# deb-systemd-invoke(1)). The file is also the journal of this step: its third line lists the packages, so the next
# set-up can finish after a killed one.
forbid_services() {
  if [ -e "$policy" ]; then
    rc=0
    "$policy" etcd start >/dev/null 2>&1 || rc=$?
    [ "$rc" = 101 ] || fail "$policy exists and lets services start" \
      "xnet needs the programs but not their services: install these by hand and rerun it: $*"
  else
    printf '#!/bin/sh\n%s\n# %s\nexit 101\n' "$policy_mark" "$*" >"$policy.new"
    chmod 755 "$policy.new"
    mv "$policy.new" "$policy"
  fi
}

# settle_services disables the services of the packages just installed and lets services of other packages start again.
settle_services() {
  if ! [ -e "$policy" ] || ! grep -qF "$policy_mark" "$policy"; then return 0; fi
  for service in etcd:etcd-server bird:bird2; do
    sed -n 3p "$policy" | grep -qw -e "${service#*:}" || continue
    if has deb-systemd-helper; then deb-systemd-helper disable "${service%:*}.service" || :; fi
    if [ -e "/etc/init.d/${service%:*}" ]; then update-rc.d "${service%:*}" disable || :; fi
  done >/dev/null 2>&1
  rm -f "$policy"
}

apt() {
  DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 \
    apt-get --quiet --assume-yes -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root "$@" 9>&-
}

install_packages() {
  # An unreachable third-party repository is not fatal: the installation fails if it is needed.
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
  # Debian's dynamic busybox conflicts with busybox-static and is not removed.
  unpack=
  if [ -z "$build_only" ] && ! static_busybox; then
    if installed busybox; then unpack=yes; else missing="${missing}busybox-static "; fi
  fi
  [ -n "$missing$unpack" ]
}

packages() {
  # The policy file is also there after a set-up that was killed once the packages were installed.
  look_for_packages || [ -e "$policy" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    [ -n "$missing$unpack" ] || return 0
    fail "Debian packages are missing, and installing them needs root: ${missing:-busybox-static}" \
      "run: sudo sh $root/deploy/setup.sh"
  fi
  has apt-get || fail 'apt-get not found: this is not Debian' \
    "install the equivalents of these packages: ${missing:-busybox-static}"
  exec 8>/run/xnet-setup.lock
  flock --nonblock 8 || {
    say 'waiting for the set-up of another clone to finish'
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
