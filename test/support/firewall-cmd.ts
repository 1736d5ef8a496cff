// firewall-cmd on a host of preflight: an imitation that writes what firewalld 1.3.3 writes for the same commands, and refuses
// a policy about a zone that there is not, as it does. firewalld itself needs D-Bus and PyGObject, which no part of xnet does.
// Invariant: an option that it does not know is refused.
import type { PreflightHost } from './preflight-host.js';

const script = String.raw`#!/bin/sh -e
etc=ETC; zone= policy= lines= target=
shipped='block.xml dmz.xml drop.xml external.xml home.xml internal.xml public.xml trusted.xml work.xml'
mkdir -p $etc/zones $etc/policies
for option; do
  value=${'$'}{option#*=}
  case $option in
    --permanent | --reload) ;;
    --zone=* | --new-zone=*) zone=$value ;;
    --policy=* | --new-policy=*) policy=$value ;;
    --add-source=*) lines="$lines<source address=\"$value\"/>" ;;
    --add-ingress-zone=*) case " $(cd $etc/zones && echo *.xml) $shipped " in
      *" $value.xml "*) ;;
      *) echo "INVALID_ZONE: '$value' not among existing zones" >&2; exit 112 ;;
    esac
      lines="$lines<ingress-zone name=\"$value\"/>" ;;
    --add-egress-zone=*) lines="$lines<egress-zone name=\"$value\"/>" ;;
    --add-protocol=*) lines="$lines<protocol value=\"$value\"/>" ;;
    --add-service=*) lines="$lines<service name=\"$value\"/>" ;;
    --set-target=*) target=$value ;;
    *) echo "usage: see firewall-cmd man page: $option" >&2; exit 2 ;;
  esac
done
[ "$1" = --permanent ] || exit 0
head='<?xml version="1.0" encoding="utf-8"?>'
if [ -n "$zone" ]; then
  file=$etc/zones/$zone.xml
  case $2 in --new-zone=*) printf '%s\n<zone>\n</zone>\n' "$head" >$file ;; esac
  [ -e $file ] || [ $zone != trusted ] || printf '%s\n<zone target="ACCEPT">\n</zone>\n' "$head" >$file
else
  file=$etc/policies/$policy.xml
  case $2 in --new-policy=*)
    if [ -e $file ]; then echo "NAME_CONFLICT: new_policy(): '$policy'" >&2; exit 26; fi
    printf '%s\n<policy target="CONTINUE">\n</policy>\n' "$head" >$file ;; esac
fi
[ -e $file ]
[ -z "$target" ] || sed -i -E "s/^<(zone|policy)[^>]*>/<\1 target=\"$target\">/" $file
[ -z "$lines" ] || sed -i "s|^</|  $lines\n</|" $file
echo success
`;

/** imitateFirewallCmd puts it on a host. */
export function imitateFirewallCmd(host: PreflightHost): void {
  host.write('usr/local/sbin/firewall-cmd', script.replace('ETC', `${host.root}/etc/firewalld`), 0o755);
}
