#!/bin/sh
# The first process of the namespaces of test/fresh.sh, as the text of `sh -c`: no open file leads out of the new root.
# usage: ROOT COMMAND...
# Writes a line to descriptor 3 when the root is mounted, waits for one from descriptor 4, then runs COMMAND.
set -eu
root=$1
shift
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs dev
for device in null zero full random urandom tty fuse kmsg net/tun loop-control loop0 loop1 loop2 loop3 loop4 loop5 loop6 loop7; do
  [ -e "/dev/$device" ] || continue
  mkdir -p "dev/$(dirname "$device")"
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t mqueue mqueue dev/mqueue
mount -t tmpfs -o mode=0755 tmpfs run
mkdir run/lock
chmod 1777 run/lock
if [ -d "/lib/modules/$(uname -r)" ]; then
  mkdir -p lib/modules
  mount --bind /lib/modules lib/modules
  mount -o remount,bind,ro lib/modules
fi
hostname fresh
mkdir -p .outer
pivot_root . .outer
umount --lazy /.outer
rmdir /.outer
echo up >&3
read -r _ <&4
exec 3>&- 4<&-
# Not by exec: the first process is the parent of every orphan, and a shell that waits takes in those that have ended.
status=0
"$@" || status=$?
exit "$status"
