// firewall-cmd on a host of preflight: an imitation that writes the files that firewalld 1.3.3 writes for the same commands.
// firewalld itself needs D-Bus and PyGObject, which no other part of xnet does. It refuses every option that it does not know.
import type { PreflightHost } from './preflight-host.js';

const script = String.raw`#!/bin/sh -e
etc=ETC; zone= policy= lines= target=
for option; do
  value=${'$'}{option#*=}
  case $option in
    --permanent | --reload) ;;
    --zone=*) zone=$value ;;
    --policy=* | --new-policy=*) policy=$value ;;
    --add-source=*) lines="$lines<source address=\"$value\"/>" ;;
    --add-ingress-zone=*) lines="$lines<ingress-zone name=\"$value\"/>" ;;
    --add-egress-zone=*) lines="$lines<egress-zone name=\"$value\"/>" ;;
    --add-protocol=*) lines="$lines<protocol value=\"$value\"/>" ;;
    --add-service=*) lines="$lines<service name=\"$value\"/>" ;;
    --set-target=*) target=$value ;;
    *) echo "usage: see firewall-cmd man page: $option" >&2; exit 2 ;;
  esac
done
[ "$1" = --permanent ] || exit 0
mkdir -p $etc/zones $etc/policies
if [ -n "$zone" ]; then
  file=$etc/zones/$zone.xml
  [ -e $file ] || printf '<?xml version="1.0" encoding="utf-8"?>\n<zone target="ACCEPT">\n</zone>\n' >$file
else
  file=$etc/policies/$policy.xml
  [ "$2" = --new-policy=$policy ] && printf '<?xml version="1.0" encoding="utf-8"?>\n<policy target="CONTINUE">\n</policy>\n' >$file
  [ -e $file ]
fi
[ -z "$target" ] || sed -i "s/target=\"[A-Z]*\"/target=\"$target\"/" $file
[ -z "$lines" ] || sed -i "s|^</|  $lines\n</|" $file
echo success
`;

/** imitateFirewallCmd puts it on a host. */
export function imitateFirewallCmd(host: PreflightHost): void {
  host.write('usr/local/sbin/firewall-cmd', script.replace('ETC', `${host.root}/etc/firewalld`), 0o755);
}
