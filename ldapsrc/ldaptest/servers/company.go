package servers

import (
	"fmt"
	"strings"
)

// Company is the LDIF of users inetOrgPerson entries of about 17 attributes
// below ou=people, uid=user00000 and so on, and of groups groupOfNames below
// ou=groups, cn=group000 and so on: the first has everybody, the next nine a
// tenth each, the next ninety a fiftieth, the rest twenty users each. memberOf
// stands in the users, as slapadd takes it. The same numbers give the same text.
func Company(users, groups int) string {
	members := CompanyMembers(users, groups)
	memberOf := make([][]int, users)
	for g := range members {
		for _, u := range members[g] {
			memberOf[u] = append(memberOf[u], g)
		}
	}
	var b strings.Builder
	for u := range users {
		writeCompanyUser(&b, u, memberOf[u])
	}
	for g := range members {
		fmt.Fprintf(&b, "dn: %s\nobjectClass: groupOfNames\ncn: group%03d\ndescription: Group number %d\n", CompanyGroupDN(g), g, g)
		for _, u := range members[g] {
			fmt.Fprintf(&b, "member: %s\n", CompanyUserDN(u))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// CompanyMembers are the numbers of the users in each of Company's groups.
func CompanyMembers(users, groups int) [][]int {
	members := make([][]int, groups)
	for g := range members {
		for i := range companyGroupSize(g, users) {
			// 7919 is prime: consecutive groups overlap without being alike.
			members[g] = append(members[g], (g*7919+i)%users)
		}
	}
	return members
}

// CompanyUserDN is the DN of the n-th user of Company, from 0.
func CompanyUserDN(n int) string { return fmt.Sprintf("uid=user%05d,%s", n, SlapdPeople) }

// CompanyGroupDN is the DN of the n-th group of Company, from 0.
func CompanyGroupDN(n int) string { return fmt.Sprintf("cn=group%03d,%s", n, SlapdGroups) }

// companyGroupSize is at least 1: groupOfNames cannot be empty (RFC 4519
// section 3.5).
func companyGroupSize(group, users int) int {
	switch {
	case group == 0:
		return users
	case group < 10:
		return max(1, users/10)
	case group < 100:
		return max(1, users/50)
	default:
		return min(20, users)
	}
}

func writeCompanyUser(b *strings.Builder, n int, groups []int) {
	given := companyGivenNames[n%len(companyGivenNames)]
	family := companyFamilyNames[n/len(companyGivenNames)%len(companyFamilyNames)]
	fmt.Fprintf(b, `dn: %[1]s
objectClass: inetOrgPerson
uid: user%05[2]d
cn: %[3]s %[4]s %[2]d
givenName: %[3]s
sn: %[4]s
displayName: %[3]s %[4]s
mail: user%05[2]d@example.com
employeeNumber: %[2]d
employeeType: employee
title: %[5]s
departmentNumber: %[6]d
telephoneNumber: +1 555 %07[2]d
mobile: +1 556 %07[2]d
street: %[2]d Main Street
l: Springfield
postalCode: %05[2]d
preferredLanguage: en
`, CompanyUserDN(n), n, given, family, companyTitles[n%len(companyTitles)], 100+n%40)
	if n > 0 {
		fmt.Fprintf(b, "manager: %s\n", CompanyUserDN(n/10))
	}
	for _, g := range groups {
		fmt.Fprintf(b, "memberOf: %s\n", CompanyGroupDN(g))
	}
	b.WriteString("\n")
}

var (
	companyGivenNames  = []string{"Ada", "Barbara", "Claude", "Dennis", "Edsger", "Frances", "Grace", "Hedy", "Ivan", "Jean", "Ken", "Leslie", "Margaret"}
	companyFamilyNames = []string{"Allen", "Bartik", "Codd", "Dahl", "Engelbart", "Floyd", "Gray", "Hopper", "Iverson", "Johnson", "Knuth"}
	companyTitles      = []string{"Engineer", "Analyst", "Designer", "Manager", "Technician", "Accountant", "Writer"}
)
