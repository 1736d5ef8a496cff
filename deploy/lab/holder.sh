#!/bin/sh
# Turns a process into one machine of the lab and keeps that machine alive. Started in the machine's network namespace and in
# its own mount and UTS namespaces, it gives these what a machine has for itself, prints "ready", and then only waits, which
# keeps the namespaces alive. Its mounts are invisible outside, and disappear with the last process inside.
#
# usage: holder.sh NAME RUN STORE     with lines for `ip -batch` on standard input
#   NAME   hostname
#   RUN    folder of this machine below /run/xnet-lab: RUN/run is its /run
#   STORE  folder of this machine on disk: etc-docker, etc-xnet, docker, xnet, and etc, whose files are laid over /etc
#
# A lab of 200 machines runs this 200 times, so every external program that it runs costs time. Mounts are not recorded (-n)
# in /run/mount of the underlying machine.
set -eu
name=$1 run=$2 store=$3
scratch=$run/scratch

echo "$name" >/proc/sys/kernel/hostname

# A new network namespace inherits IPv4 settings of the machine, which may already be a router. These are the settings of the
# kernel and of Debian (/usr/lib/sysctl.d/50-default.conf) after a boot.
setting() {
  if [ -e "/proc/sys/net/$1" ]; then echo "$2" >"/proc/sys/net/$1"; fi
}
setting ipv4/ip_forward 0
setting ipv6/conf/all/forwarding 0
for scope in all default; do
  setting "ipv4/conf/$scope/arp_announce" 0
  setting "ipv4/conf/$scope/arp_ignore" 0
  setting "ipv4/conf/$scope/proxy_arp" 0
  setting "ipv4/conf/$scope/route_localnet" 0
  setting "ipv4/conf/$scope/accept_local" 0
  setting "ipv4/conf/$scope/log_martians" 0
done
setting ipv4/conf/all/rp_filter 0
for scope in default lo eth0; do
  setting "ipv4/conf/$scope/rp_filter" 2
  setting "ipv4/conf/$scope/accept_source_route" 0
  setting "ipv4/conf/$scope/promote_secondaries" 1
done
ip -batch -

# This machine need not keep the names of other namespaces alive.
umount -n -l /run/netns 2>/dev/null || :

mount -n -t tmpfs -o mode=0755,size=64m xnet-lab "$scratch"
mkdir -p "$scratch/cgroup" "$scratch/etc.work" "$scratch/lib.work" "$scratch/lib/docker" "$scratch/lib/xnet"

# Mounts /sys of this network namespace with the existing cgroups. Other mounts below /sys are left out: without securityfs,
# a dockerd does not load AppArmor profiles into the kernel, which all machines share.
mount -n --rbind /sys/fs/cgroup "$scratch/cgroup"
if mount -n -t sysfs -o nosuid,nodev,noexec sysfs /sys 2>/dev/null; then
  mount -n --move "$scratch/cgroup" /sys/fs/cgroup
else
  umount -n -l "$scratch/cgroup"
fi

# /etc and /var/lib belong to the machine: writes go to the scratch memory. Without an overlay file system, /etc is a copy
# and /var/lib holds only the mounts below.
overlay() {
  mount -n -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$2.work" overlay "$1" 2>/dev/null
}
cp -a "$store/etc" "$scratch/etc"
if ! overlay /etc "$scratch/etc"; then
  cp -a --no-clobber /etc/. "$scratch/etc"
  mount -n --bind "$scratch/etc" /etc
fi
overlay /var/lib "$scratch/lib" || mount -n --bind "$scratch/lib" /var/lib
mount -n --bind "$store/etc-docker" /etc/docker
mount -n --bind "$store/etc-xnet" /etc/xnet
mount -n --bind "$store/docker" /var/lib/docker
mount -n --bind "$store/xnet" /var/lib/xnet

# A /run of its own hides the sockets of everything that runs on the underlying machine: dockerd and containerd, D-Bus and
# with it firewalld, systemd. The labs' own folder has the same path inside and outside.
mount -n --bind /run/xnet-lab "$run/run/xnet-lab"
mount -n --rbind "$run/run" /run

echo ready
exec sleep infinity >/dev/null 2>&1
