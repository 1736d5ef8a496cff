#!/bin/sh
# Makes a process into one machine of the lab and keeps that machine: started in the machine's network namespace and in
# mount and UTS namespaces of its own, it gives these what a machine has for itself, says "ready", and then only lives,
# so that the namespaces do. Nothing it mounts is seen outside, and all of it goes with the last process inside.
#
# usage: holder.sh NAME RUN STORE     with lines for `ip -batch` on standard input
#   NAME   hostname
#   RUN    folder of this machine below /run/xnet-lab: RUN/run is its /run
#   STORE  folder of this machine on disk: etc-docker, etc-xnet, docker, xnet, and etc, which /etc has on top of others
#
# A lab of 200 machines runs this 200 times: every program that it calls counts. No mount is noted (-n) in /run/mount of
# the machine underneath.
set -eu
name=$1 run=$2 store=$3
scratch=$run/scratch

echo "$name" >/proc/sys/kernel/hostname

# A new network namespace takes over IPv4 settings of the machine it is made on, which may be a router already. These
# are the kernel's and Debian's (/usr/lib/sysctl.d/50-default.conf), as after a boot.
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

# The names of other namespaces need not be kept alive here.
umount -n -l /run/netns 2>/dev/null || :

mount -n -t tmpfs -o mode=0755,size=64m xnet-lab "$scratch"
mkdir -p "$scratch/cgroup" "$scratch/etc.work" "$scratch/lib.work" "$scratch/lib/docker" "$scratch/lib/xnet"

# /sys of this network namespace, with the cgroups of before. What else is mounted below /sys is not: without securityfs
# a dockerd does not load AppArmor profiles into the kernel that is everybody's.
mount -n --rbind /sys/fs/cgroup "$scratch/cgroup"
if mount -n -t sysfs -o nosuid,nodev,noexec sysfs /sys 2>/dev/null; then
  mount -n --move "$scratch/cgroup" /sys/fs/cgroup
else
  umount -n -l "$scratch/cgroup"
fi

# /etc and /var/lib are the machine's own: what is written there goes to the scratch memory. Where there is no overlay
# file system, /etc is a copy and /var/lib has nothing else.
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

# A /run of its own hides the sockets of everything that runs on the machine underneath: its dockerd and containerd,
# its D-Bus and with it its firewalld, its systemd. The labs' own folder is in the same place inside and outside.
mount -n --bind /run/xnet-lab "$run/run/xnet-lab"
mount -n --rbind "$run/run" /run

echo ready
exec sleep infinity >/dev/null 2>&1
