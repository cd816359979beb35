package servers

// smbConf is smb.conf(5): the services that a directory client meets, all
// state in one folder, one worker for each.
//
// The netmask is 8 bits because Samba takes a single address with 32 for a
// broadcast address and then finds no interface.
const smbConf = `[global]
	netbios name = DC1
	workgroup = %[2]s
	realm = %[3]s
	server role = active directory domain controller
	server services = ldap, cldap, kdc, dns, rpc, drepl
	interfaces = %[4]s/8
	bind interfaces only = yes
	disable netbios = yes
	ldap server require strong auth = %[5]s
	tls enabled = yes
	tls cafile = %[1]s/ca.pem
	tls certfile = %[1]s/server.pem
	tls keyfile = %[1]s/server.key
	prefork children = 1
	idmap_ldb:use rfc2307 = yes
	private dir = %[1]s/private
	state directory = %[1]s/state
	lock directory = %[1]s
	cache directory = %[1]s/cache
	binddns dir = %[1]s/bind-dns
	pid directory = %[1]s/run
	ncalrpc dir = %[1]s/ncalrpc
	winbindd socket directory = %[1]s/run/winbindd
	ntp signd socket directory = %[1]s/run/ntp
	posix:eadb = %[1]s/eadb.tdb
	log file = %[1]s/samba.log

[sysvol]
	path = %[1]s/state/sysvol
	read only = no

[netlogon]
	path = %[1]s/state/sysvol/scripts
	read only = no
`

// krb5Conf is krb5.conf(5). TCP from the first byte: a ticket with a PAC is
// larger than a datagram.
const krb5Conf = `[libdefaults]
	default_realm = %[1]s
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = false
	rdns = false
	udp_preference_limit = 1

[realms]
	%[1]s = {
		kdc = %[2]s:88
		kpasswd_server = %[2]s:464
	}

[domain_realm]
	.%[3]s = %[1]s
	%[3]s = %[1]s
`
