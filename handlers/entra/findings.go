package entra

import "strings"

// finding is what one of Entra's codes means and what an operator can do about it.
type finding struct {
	situation situation
	operator  string
}

// findings holds the codes that a sign-in or a refresh of this kind of application can meet, by
// their number.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var findings = makeFindings()

func makeFindings() map[string]finding {
	m := map[string]finding{}
	for _, rows := range [][]row{personRows, organisationRows, registrationRows, requestRows, outageRows} {
		for _, r := range rows {
			for code := range strings.FieldsSeq(r.codes) {
				m[code] = finding{r.situation, r.operator}
			}
		}
	}
	return m
}

type row struct {
	codes     string
	situation situation
	operator  string
}

// personRows: the person can cure it, or chose it.
var personRows = []row{
	{"65004", declined, "the person declined the consent that Entra asked for"},
	{"50058 50059 16000 16001 16002", notSignedIn, "nobody is signed in at Entra in that browser; nothing to do"},
	{"50072 50074 50076 50078 50079 50158 50203 500121", signInAgain, "multi-factor authentication is required or was not completed; the person signs in again"},
	{"50097 50129 50155", signInAgain, "Conditional Access asks for a registered device; the person signs in again on one"},
	{"50133 50173 50132 70043 50178 50085 50089 50143", signInAgain, "the sign-in was revoked, or a sign-in frequency ended it; the person signs in again"},
	{"50126 50120 50056 50127 50199 50140", signInAgain, "the person did not complete the sign-in"},
	{"54005 70000 70008 700081 700082 700084 700003 70019 70020 9002341", stale, "the code or refresh token is used up, expired or revoked; the person signs in again"},
	{"501481", stale, "the code was requested by somebody else (PKCE mismatch); if this repeats, somebody may be injecting codes"},
	{"700005", wrongTenant, "the code was issued in another tenant than ENTRA_ID_EXPECTED_ISSUER names"},
}

// organisationRows: a rule or an administrator of the person's organisation stands in the way.
var organisationRows = []row{
	{"65001 90008", needsConsent, "neither the person nor an administrator has consented; in Entra open the app registration, API permissions, Grant admin consent"},
	{"90094 90095 90093 650056", needsAdmin, "users may not consent themselves; in Entra open the app registration, API permissions, Grant admin consent"},
	{"50105", notAssigned, "the enterprise application requires assignment and the person is not assigned; in Entra open Enterprise applications, Users and groups"},
	{"50020 50034 90072 16003 50128 51004", wrongTenant, "the account is not in this tenant; invite the person as a guest, or allow their tenant, if they should have access"},
	{"500021 500022 5000224", blocked, "a tenant restriction of the person's organisation forbids this tenant"},
	{"53000 53001 53002 53009 53010 53011 50131 50005", blocked, "Conditional Access refused the device; see the sign-in log in Entra"},
	{"53003 53004 530032 530034 530035 50201", blocked, "Conditional Access refused the sign-in; see the sign-in log in Entra. On a refresh it judges the address of this server: allow it if it is blocked"},
	{"50057 50053 50055 50125 50135 50144 135011", accountProblem, "the account is disabled or locked, or needs a new password; see the sign-in log in Entra"},
}

// registrationRows: the app registration or its secret.
var registrationRows = []row{
	{"7000215", serverFault, "Entra does not accept the client secret: set ENTRA_ID_CLIENT_SECRET to the Value of a secret (not its Secret ID) of this registration"},
	{"7000222", serverFault, "the client secret has expired: create another under Certificates & secrets and set ENTRA_ID_CLIENT_SECRET"},
	{"700027", serverFault, "Entra does not accept the certificate: upload the one that client_certificate names under Certificates & secrets of this registration, and check that it has not expired"},
	{"700024 500133", serverFault, "Entra finds the client assertion too old or too new: check this server's clock, and with federated_token_file that the platform still renews the token"},
	{"700021 700023 50013 50027 5002727", serverFault, "Entra cannot use the client assertion; check the credential of the registration, and that ENTRA_ID_EXPECTED_ISSUER and ENTRA_ID_CLIENT_ID name it"},
	{"70021 700211 700212 700213 7002137 7002138 700229 7000226", serverFault, "no federated credential of this registration fits the token in federated_token_file: compare issuer, subject and audience, " +
		"letter by letter, under Certificates & secrets, Federated credentials"},
	{"7000218 70002 7000216", serverFault, "Entra expects a credential of the application; check ENTRA_ID_CLIENT_SECRET, and that the redirect URI is registered under the platform Web"},
	{"700025 9002326 9002327 9002325", serverFault, "the redirect URI is registered under the platform Mobile and desktop, or Single-page application; remove it there and add it under Web"},
	{"50011 500113 900971 70004", serverFault, "the redirect URI is not registered: add the value of OAUTH_DCR_REDIRECT_URI, spelled exactly so, under the platform Web of the app registration"},
	{"700016 70001", serverFault, "Entra knows no application with this ENTRA_ID_CLIENT_ID in this tenant; check it, and the tenant in ENTRA_ID_EXPECTED_ISSUER"},
	{"7000112 7000114", serverFault, "the application is disabled in Entra; enable it under Enterprise applications, Properties"},
	{"500011 50001 650052 650054", serverFault, "the application that a scope names has no service principal in this tenant; check OAUTH_DCR_SCOPE and that the scope is exposed by this registration"},
	{"650053 70011 700022 28000 28003 28002", serverFault, "Entra does not know a scope that was asked for: expose access_as_user under Expose an API of this registration, and check OAUTH_DCR_SCOPE"},
	{"650057 65005 650055", serverFault, "a scope is not among the registration's API permissions; add it there"},
	{"90009", serverFault, "an application that asks for a token for itself must use its client id in the scope; list scopes by their short names in OAUTH_DCR_SCOPE"},
	{"50194 90124 90130 9001023", serverFault, "the registration is for one tenant, but ENTRA_ID_EXPECTED_ISSUER names organizations or common; put the tenant id in their place"},
	{"90002 90019", serverFault, "Entra knows no such tenant; check the tenant id in ENTRA_ID_EXPECTED_ISSUER, and that it is the right cloud"},
	{"90038 900382 900432 900439 90043", serverFault, "the tenant or the application is in another national cloud; use that cloud's host in ENTRA_ID_EXPECTED_ISSUER"},
	{"50146", serverFault, "the registration maps claims and has no signing key of its own; remove the mapping, or set acceptMappedClaims in its manifest"},
	{"700054 70005", serverFault, "the response type is not enabled; the registration needs the platform Web"},
}

// requestRows: what we sent. An operator cannot cure these, but can report them.
var requestRows = []row{
	{"901002 9010010", serverFault, "Entra refused a resource parameter, which this server never sends; is a proxy between this server and Entra?"},
	{"90014 900144 9002313 900561 90015 90023", serverFault, "Entra could not read the request; please report it with the trace id"},
}

// outageRows: Entra's own trouble.
var outageRows = []row{
	{"50196", busy, "Entra ended what it takes for a sign-in loop; see which assistant keeps asking"},
	{"90033 90012 90024 90006 90022 90036 80001 90090 130004 90055 90025 50000", busy, "Entra has trouble or is throttling; see https://azure.status.microsoft"},
}
