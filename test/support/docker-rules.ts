// The rules that Docker creates for docker0 with 10.76.1.0/24 and one container, 10.76.1.2, with port 80 published as 8080,
// as observed on dockerd 20.10, 26.1 (the same as 20.10) and 28.5 with "userland-proxy": false.

/** DockerRules is a line of engines whose rules are imitated. */
export type DockerRules = '20.10' | '28';

/** masquerade is Docker's rule that gives leaving packets the host's own address. */
export const masquerade = '-s 10.76.1.0/24 ! -o docker0 -j MASQUERADE';

const nat = `*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING ${masquerade}
-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE
-A POSTROUTING -s 10.76.1.2/32 -d 10.76.1.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.76.1.2:80
COMMIT
`;

const isolation = `-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
`;

const filter = {
  '20.10': `*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 10.76.1.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
${isolation}-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
`,
  '28': `*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-BRIDGE - [0:0]
:DOCKER-CT - [0:0]
:DOCKER-FORWARD - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD
-A DOCKER -d 10.76.1.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER ! -i docker0 -o docker0 -j DROP
-A DOCKER-BRIDGE -o docker0 -j DOCKER
-A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-FORWARD -j DOCKER-CT
-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
-A DOCKER-FORWARD -j DOCKER-BRIDGE
-A DOCKER-FORWARD -i docker0 -j ACCEPT
${isolation}COMMIT
*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 10.76.1.2/32 ! -i docker0 -j DROP
COMMIT
`,
} as const satisfies Record<DockerRules, string>;

/** dockerRules returns input for iptables-restore --noflush. */
export function dockerRules(engine: DockerRules): string {
  return nat + filter[engine];
}

/**
 * dockerNftables returns input for nft: the table that moby's master makes with "firewall-backend": "nftables"
 * (integration/network/bridge/nftablesdoc/generated), for the same docker0 and container.
 * @param accepts the mark of "bridge-accept-fwmark", with "allow-direct-routing": true; undefined: neither is set
 * @param beside a network without masquerade and containers beside another bridge, as mode lan has it; its gateway mode is
 * nat-unprotected (see usernet-portmap-natunprot) or the default
 */
export function dockerNftables(
  accepts: number | undefined,
  beside?: { readonly bridge: string; readonly isUnprotected: boolean },
): string {
  const marked =
    accepts === undefined ? '' : `meta mark and ${accepts} == ${accepts} counter accept comment "ALLOW FW MARK"`;
  const raw =
    accepts === undefined ? 'ip daddr 10.76.1.2 iifname != "docker0" counter drop comment "DROP DIRECT ACCESS"' : '';
  const bridges = ['docker0', ...(beside === undefined ? [] : [beside.bridge])];
  const map = (chain: string) => {
    const elements = bridges.map((name) => `"${name}" : jump ${chain}__${name}`).join(', ');
    return `type ifname : verdict; elements = { ${elements} }`;
  };
  const last = beside?.isUnprotected === true ? 'accept comment "UNPROTECTED"' : 'drop comment "UNPUBLISHED PORT DROP"';
  const chainsBeside =
    beside === undefined
      ? ''
      : `
  chain filter-forward-in__${beside.bridge} {
    ct state established,related counter accept
    ${marked}
    iifname "${beside.bridge}" counter accept comment "ICC"
    counter ${last}
  }
  chain filter-forward-out__${beside.bridge} {
    ct state established,related counter accept
    counter accept comment "OUTGOING"
  }
  chain nat-postrouting-out__${beside.bridge} { }`;
  return `table ip docker-bridges
delete table ip docker-bridges
table ip docker-bridges {
  map filter-forward-in-jumps { ${map('filter-forward-in')} }
  map filter-forward-out-jumps { ${map('filter-forward-out')} }
  map nat-postrouting-out-jumps { ${map('nat-postrouting-out')} }
  chain filter-FORWARD {
    type filter hook forward priority filter; policy accept;
    oifname vmap @filter-forward-in-jumps
    iifname vmap @filter-forward-out-jumps
  }
  chain nat-POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    iifname vmap @nat-postrouting-out-jumps
  }
  chain nat-PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local counter jump nat-prerouting-and-output
  }
  chain nat-prerouting-and-output { iifname != "docker0" tcp dport 8080 counter dnat to 10.76.1.2:80 comment "DNAT"; }
  chain raw-PREROUTING {
    type filter hook prerouting priority raw; policy accept;
    ${raw}
  }
  chain filter-forward-in__docker0 {
    ct state established,related counter accept
    ${marked}
    iifname "docker0" counter accept comment "ICC"
    ip daddr 10.76.1.2 tcp dport 80 counter accept
    counter drop comment "UNPUBLISHED PORT DROP"
  }
  chain filter-forward-out__docker0 {
    ct state established,related counter accept
    counter accept comment "OUTGOING"
  }
  chain nat-postrouting-out__docker0 {
    oifname != "docker0" ip saddr 10.76.1.0/24 counter masquerade comment "MASQUERADE"
  }
${chainsBeside}
}
`;
}
