// Firewall rules of others that name the interface that becomes a port.
import test from 'ava';
import { rulesNaming } from '../../../../node/lan/named-rules.js';

const nft = `table inet guard { # handle 3
	set outside { # handle 4
		type ifname
		elements = { "eth0",
			     "lo" }
	}
	map zones { # handle 10
		type ifname : verdict
		elements = { "eth1" : accept, "lo" : accept,
			     "eth0" : jump input }
	}
	set both { # handle 11
		type ifname
		elements = { "eth0",
			     "xnet-lan" }
	}
	chain input { # handle 1
		type filter hook input priority filter; policy drop;
		iifname "eth0" tcp dport 22 counter packets 7 bytes 9 accept # handle 5
		iifname "eth*" udp dport 53 accept # handle 6
		iifname { "eth0", "xnet-lan" } tcp dport 80 accept # handle 7
		iifname "eth1" tcp dport 81 accept # handle 8
		tcp dport 82 counter accept comment "for eth0" # handle 9
	}
}
table ip filter { # handle 8
	chain DOCKER-USER { # handle 1
		iifname "eth0" meta mark 0x80000000/1  counter packets 0 bytes 0 accept # handle 2
	}
}
table ip xnet { # handle 9
	chain from-peers { # handle 1
		iifname "eth0" ip daddr 10.76.3.0/24 meta mark set 0x80000000 # handle 2
	}
}
`;
const iptables = `*filter
-A INPUT -i eth0 -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -i xnet-lan -p tcp -m tcp --dport 22 -j ACCEPT
-A FORWARD -o eth+ -j DROP
-A DOCKER-USER -i eth0 -m comment --comment "xnet 1" -j ACCEPT
COMMIT
`;

test('rules that name the interface are found, unless the bridge has the same or they are ours', (t) => {
  t.deepEqual(rulesNaming({ nft, iptables }, 'eth0', 'xnet-lan'), [
    'elements = { "eth0", "lo" }',
    'elements = { "eth1" : accept, "lo" : accept, "eth0" : jump input }',
    'iifname "eth0" tcp dport 22 counter packets 7 bytes 9 accept',
    'iifname "eth*" udp dport 53 accept',
    '-A FORWARD -o eth+ -j DROP',
  ]);
  t.deepEqual(rulesNaming({ nft, iptables }, 'ens3', 'xnet-lan'), []);
  t.deepEqual(rulesNaming({ nft: '', iptables: '' }, 'eth0', 'xnet-lan'), []);
  const both = nft.replace(
    'iifname "eth0" tcp',
    'iifname "xnet-lan" tcp dport 22 counter packets 0 bytes 0 accept\n$&',
  );
  t.false(rulesNaming({ nft: both, iptables: '' }, 'eth0', 'xnet-lan').some((rule) => rule.includes('dport 22')));
});
