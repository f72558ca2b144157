package entra

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestFromCallback(t *testing.T) {
	const ids = "\r\nTrace ID: 11111111-2222-4333-8444-555555555555\r\nCorrelation ID: 66666666-2222-4333-8444-555555555555\r\nTimestamp: 2026-11-23 09:00:00Z"
	for _, tc := range []struct {
		name, err, description, subcode string
		kind                            ErrorKind
		oauth, code                     string
	}{
		{"cancelled", "access_denied", "AADSTS65004: User declined." + ids, "cancel", Denied, "access_denied", "AADSTS65004"},
		{"cancelled without code", "access_denied", "The user has cancelled", "cancel", Denied, "access_denied", ""},
		{"declined", "access_denied", "AADSTS65004: User declined." + ids, "", Denied, "access_denied", "AADSTS65004"},
		{"assignment", "access_denied", "AADSTS50105: …" + ids, "", Denied, "access_denied", "AADSTS50105"},
		{"consent", "consent_required", "AADSTS65001: …", "", Denied, "consent_required", "AADSTS65001"},
		{"admin consent", "access_denied", "AADSTS90094: …", "", Denied, "access_denied", "AADSTS90094"},
		{"silent", "login_required", "AADSTS50058: …", "", SignInRequired, "login_required", "AADSTS50058"},
		{"multi-factor", "interaction_required", "AADSTS50076: …", "", SignInRequired, "interaction_required", "AADSTS50076"},
		{"device", "access_denied", "AADSTS53000: …", "", Denied, "access_denied", "AADSTS53000"},
		{"unknown conditional access", "access_denied", "AADSTS530099: …", "", Denied, "access_denied", "AADSTS530099"},
		{"resource", "invalid_target", "AADSTS9010010: …", "", Misconfigured, "server_error", "AADSTS9010010"},
		{"scope", "invalid_client", "AADSTS650053: …", "", Misconfigured, "server_error", "AADSTS650053"},
		{"throttling", "temporarily_unavailable", "AADSTS90055: …", "", Unavailable, "temporarily_unavailable", "AADSTS90055"},
		{"unknown code", "invalid_request", "AADSTS12345: …", "", Misconfigured, "server_error", "AADSTS12345"},
		{"unknown code, refused", "access_denied", "AADSTS12345: …", "", Denied, "access_denied", "AADSTS12345"},
		{"no code", "server_error", "", "", Unavailable, "temporarily_unavailable", ""},
		{"markup", "<script>alert(1)</script>", "<svg onload=alert(1)>", "", Misconfigured, "server_error", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := FromCallback(url.Values{"error": {tc.err}, "error_description": {tc.description}, "error_subcode": {tc.subcode}})
			if e.Kind != tc.kind || e.OAuth != tc.oauth || e.Code != tc.code {
				t.Errorf("got %v %s %q, want %v %s %q", e.Kind, e.OAuth, e.Code, tc.kind, tc.oauth, tc.code)
			}
			if strings.HasSuffix(tc.description, ids) && (!strings.HasPrefix(e.TraceID, "1111") || !strings.HasPrefix(e.CorrelationID, "6666")) {
				t.Errorf("ids were not read: %q %q", e.TraceID, e.CorrelationID)
			}
			checkSafe(t, e)
		})
	}
	if e := FromCallback(url.Values{"code": {"c"}}); e != nil {
		t.Errorf("no error, but got %v", e)
	}
}

// checkSafe demands that an Error can be shown and logged, and says something.
func checkSafe(t *testing.T, e *Error) {
	t.Helper()
	for _, s := range []string{e.Title, e.Text, e.Advice, e.Operator, e.Code, e.TraceID, e.CorrelationID, e.OAuth, e.Error()} {
		if strings.ContainsAny(s, "<>\r\n") || len(s) > 500 {
			t.Errorf("unsafe text %q", s)
		}
	}
	if e.Title == "" || e.Text == "" || e.Advice == "" || e.Operator == "" {
		t.Errorf("something is left unsaid: %+v", e)
	}
	oauth := []string{"access_denied", "login_required", "interaction_required", "consent_required", "server_error", "temporarily_unavailable"}
	if !slices.Contains(oauth, e.OAuth) {
		t.Errorf("%q is no error code of an authorization response", e.OAuth)
	}
}

// TestFindings holds that no code is listed twice, and that each says something on both legs.
func TestFindings(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range slices.Concat(personRows, organisationRows, registrationRows, requestRows, outageRows) {
		for code := range strings.FieldsSeq(r.codes) {
			if seen[code] || codePattern.FindString("AADSTS"+code) == "" {
				t.Errorf("%s is listed twice or is not a code", code)
			}
			seen[code] = true
			checkSafe(t, explain(signIn, "AADSTS"+code, ""))
			if e := explain(renewal, "AADSTS"+code, ""); e.OAuth != "invalid_grant" && e.OAuth != "temporarily_unavailable" {
				t.Errorf("%s at a refresh is %s", code, e.OAuth)
			}
		}
	}
}

func TestErrorText(t *testing.T) {
	e := unavailable(errors.New("connection refused"))
	if !errors.Is(e, ErrUnavailable) || errors.Is(cannotStart(nil), ErrUnavailable) {
		t.Error("only an outage matches ErrUnavailable")
	}
	if got, want := e.Error(), "entra: unavailable: Entra could not be reached or did not answer properly: connection refused"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzFromCallback(f *testing.F) {
	f.Add("access_denied", "AADSTS65004: User declined.\r\nTrace ID: 11111111-2222-4333-8444-555555555555", "cancel")
	f.Add("invalid_client", "AADSTS7000215", "")
	f.Add("\x00", strings.Repeat("AADSTS1", 1000), "\xff")
	f.Fuzz(func(t *testing.T, name, description, subcode string) {
		e := FromCallback(url.Values{"error": {name}, "error_description": {description}, "error_subcode": {subcode}})
		if (e == nil) != (name == "") {
			t.Fatal("an error was lost or invented")
		}
		if e != nil {
			checkSafe(t, e)
		}
	})
}
