package entra

import (
	"strings"
	"testing"
)

func TestAuthority(t *testing.T) {
	const tid = tenantID
	for _, tc := range []struct {
		issuer  string
		allow   []string
		tenants []string
		want    string // discovery of v2, or what the error mentions
		wantV1  string
		err     bool
	}{
		{issuer: "https://login.microsoftonline.com/" + tid + "/v2.0",
			want: "https://login.microsoftonline.com/" + tid + "/v2.0/.well-known/openid-configuration", wantV1: "https://login.microsoftonline.com/" + tid + "/.well-known/openid-configuration"},
		{issuer: "https://LOGIN.microsoftonline.com/" + strings.ToUpper(tid) + "/v2.0/", want: "https://login.microsoftonline.com/" + tid + "/v2.0/.well-known/openid-configuration"},
		{issuer: "https://sts.windows.net/" + tid + "/", want: "https://login.microsoftonline.com/" + tid + "/v2.0/.well-known/openid-configuration"},
		{issuer: "https://sts.chinacloudapi.cn/" + tid + "/", want: "https://login.partner.microsoftonline.cn/" + tid + "/v2.0/.well-known/openid-configuration"},
		{issuer: "https://login.microsoftonline.us/" + tid + "/v2.0", want: "https://login.microsoftonline.us/" + tid + "/v2.0/.well-known/openid-configuration"},
		{issuer: "https://login.microsoftonline.com/organizations/v2.0", tenants: []string{strings.ToUpper(tid)}, want: "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration"},
		{issuer: "http://localhost:8001/" + tid + "/v2.0", want: "http://localhost:8001/" + tid + "/v2.0/.well-known/openid-configuration"},
		{issuer: "https://contoso.ciamlogin.com/" + tid + "/v2.0", allow: []string{"Contoso.ciamlogin.com"}, want: "https://contoso.ciamlogin.com/" + tid + "/v2.0/.well-known/openid-configuration"},

		{issuer: "", want: "ENTRA_ID_EXPECTED_ISSUER is not set", err: true},
		{issuer: "https://login.microsoftonline.com/organizations/v2.0", want: "list the tenants", err: true},
		{issuer: "https://login.microsoftonline.com/common/v2.0", want: "list the tenants", err: true},
		{issuer: "https://login.microsoftonline.com/common/v2.0", tenants: []string{"contoso.com"}, want: "GUID", err: true},
		{issuer: "https://login.microsoftonline.com/consumers/v2.0", want: "personal Microsoft accounts", err: true},
		{issuer: "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0", want: "not a tenant id", err: true},
		{issuer: "https://login.microsoftonline.com/" + tid, want: "path", err: true},
		{issuer: "https://login.microsoftonline.com/" + tid + "/v1.0", want: "path", err: true},
		{issuer: "https://login.microsoftonline.com/x/" + tid + "/v2.0", want: "path", err: true},
		{issuer: "https://sts.windows.net/common/", want: "GUID", err: true},
		{issuer: "https://sts.windows.net/" + tid + "/v2.0", want: "path", err: true},
		{issuer: "https://login.microsoftonline.com/" + tid + "/v2.0", tenants: []string{"11111111-2222-4333-8444-555555555555"}, want: "other tenants", err: true},
		{issuer: "https://login.microsoftonline.com.evil.example/" + tid + "/v2.0", want: "allow_authority login.microsoftonline.com.evil.example", err: true},
		{issuer: "https://login.microsoftonline.com:444/" + tid + "/v2.0", want: "allow_authority", err: true},
		{issuer: "https://login.microsoftonline.com@evil.example/" + tid + "/v2.0", want: "plain URL", err: true},
		{issuer: "http://login.microsoftonline.com/" + tid + "/v2.0", want: "must be https", err: true},
		{issuer: "http://192.0.2.1/" + tid + "/v2.0", allow: []string{"192.0.2.1"}, want: "must be https", err: true},
		{issuer: "ftp://localhost/" + tid + "/v2.0", want: "scheme", err: true},
		{issuer: "https://login.microsoftonline.com/" + tid + "/v2.0?x=1", want: "plain URL", err: true},
		{issuer: "https://login.microsoftonline.com/%2e%2e/v2.0", want: "plain URL", err: true},
		{issuer: "{env.ENTRA_ID_EXPECTED_ISSUER}", want: "plain URL", err: true},
	} {
		a, err := parseAuthority(tc.issuer, tc.allow, tc.tenants)
		switch {
		case tc.err && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: got %v, want an error about %q", tc.issuer, err, tc.want)
		case !tc.err && err != nil:
			t.Errorf("%s: %v", tc.issuer, err)
		case !tc.err && a.discoveryURL(v2) != tc.want:
			t.Errorf("%s: got %s, want %s", tc.issuer, a.discoveryURL(v2), tc.want)
		case tc.wantV1 != "" && a.discoveryURL(v1) != tc.wantV1:
			t.Errorf("%s: got %s, want %s", tc.issuer, a.discoveryURL(v1), tc.wantV1)
		}
	}
}

// TestMicrosoftsDocumentsAreAcceptable holds what Microsoft's discovery documents really name.
func TestMicrosoftsDocumentsAreAcceptable(t *testing.T) {
	const other = "11111111-2222-4333-8444-555555555555"
	public, err := parseAuthority("https://login.microsoftonline.com/"+tenantID+"/v2.0", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	multi, err := parseAuthority("https://login.microsoftonline.com/organizations/v2.0", nil, []string{tenantID})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		a      *authority
		issuer string
		ok     bool
	}{
		{public, "https://login.microsoftonline.com/" + tenantID + "/v2.0", true},
		{public, "https://sts.windows.net/" + tenantID + "/", true},
		{public, "https://sts.windows.net/" + other + "/", false},
		{public, "https://login.microsoftonline.com/{tenantid}/v2.0", false},
		{public, "https://login.microsoftonline.us/" + tenantID + "/v2.0", false},
		{public, "https://sts.windows.net/" + tenantID + "/" + tenantID + "/", false},
		{public, "https://sts.windows.net/?" + tenantID, false},
		{multi, "https://login.microsoftonline.com/{tenantid}/v2.0", true},
		{multi, "https://sts.windows.net/{tenantid}/", true},
		{multi, "https://sts.windows.net/" + tenantID + "/", false},
	} {
		if err := tc.a.checkIssuer(tc.issuer); (err == nil) != tc.ok {
			t.Errorf("issuer %s: got %v, want accepted %v", tc.issuer, err, tc.ok)
		}
	}
	for address, ok := range map[string]bool{
		"https://login.microsoftonline.com/common/discovery/keys": true,
		"https://login.windows.net/common/discovery/keys":         true,
		"http://login.microsoftonline.com/common/discovery/keys":  false,
		"https://sts.windows.net/keys":                            false,
		"https://login.microsoftonline.us/common/discovery/keys":  false,
	} {
		if _, err := public.checkURL(address, public.hosts); (err == nil) != ok {
			t.Errorf("endpoint %s: got %v, want accepted %v", address, err, ok)
		}
	}
}
