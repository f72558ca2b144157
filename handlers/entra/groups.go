package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// graphScope is the delegated permission with which people may read which groups they are in
	// (https://learn.microsoft.com/graph/api/user-list-transitivememberof). Every new registration
	// has it. Microsoft Graph is named by its id, which is the same in every cloud.
	graphScope = "00000003-0000-0000-c000-000000000000/User.Read"

	// groupsTimeout bounds the whole look-up, which a person or an assistant waits for.
	groupsTimeout = 4 * time.Second

	// groupsPage is the most that Graph puts on a page, maxPages how many are read, and maxGroups
	// how many groups are kept with each token: a multiple of what people have, and little enough
	// to keep.
	groupsPage = 999
	maxPages   = 16
	maxGroups  = 3000
)

// Why the groups of somebody stay unknown.
var (
	errNotResolved   = errors.New("the token leaves them out, because there are too many")
	errNoRefresh     = errors.New("there is no refresh token of Entra's to ask Microsoft Graph with")
	errTooManyGroups = fmt.Errorf("there are more than %d", maxGroups)
	errNoGroups      = errors.New("the list of Microsoft Graph is empty, although there are too many for the token")
	errNotGroups     = errors.New("the answer of Microsoft Graph has status 200 and is not a list of groups")
	errGraphDenied   = errors.New("refused by Microsoft Graph")
)

// settleGroups finds the groups that Entra left out of the token. That it cannot is never a reason
// to refuse a sign-in: the groups then stay unknown.
//
// It happens here and not at the gate, because the person's own rights are at hand here, and calls
// then wait for nobody: what was found lasts as long as the access token. Where to ask is a matter
// of the configuration: the address that the token names (_claim_sources) is never looked at.
func (p *Provider) settleGroups(ctx context.Context, t *Tokens) {
	who := t.Principal
	if !who.GroupsUnknown {
		return
	}
	groups, err := p.groupsOf(ctx, t.RefreshToken)
	if err != nil {
		p.log.Warn("the groups of a person are unknown", "user", who.Name, "tid", who.TenantID, "oid", who.ObjectID,
			"reason", err.Error(), "cure", groupsCure(err))
		return
	}
	t.Groups = groups
}

// groupsCure is what the operator can do about unknown groups.
func groupsCure(err error) string {
	var e *Error
	switch {
	case errors.Is(err, errNotResolved):
		return "write resolve_groups into the entra block, or emit only the groups assigned to the application under Token configuration"
	case errors.Is(err, errGraphDenied), errors.As(err, &e) && e.Kind != Unavailable:
		return "under API permissions of the app registration, add the delegated permission User.Read of Microsoft Graph and grant admin consent; " +
			"guests also need external collaboration settings that let them see their own groups"
	case errors.Is(err, errTooManyGroups), errors.Is(err, errNoGroups):
		return "emit only the groups assigned to the application under Token configuration, or use app roles"
	}
	return "none is needed if it passes: they are asked for again when the assistant refreshes"
}

// groupsOf asks Microsoft Graph for the groups of whom a refresh token of Entra's belongs to. Using
// it does not end it, and without offline_access in the scope no other comes with the answer.
func (p *Provider) groupsOf(ctx context.Context, refreshToken string) ([]string, error) {
	switch {
	case !p.resolveGroups:
		return nil, errNotResolved
	case refreshToken == "":
		return nil, errNoRefresh
	}
	ctx, cancel := context.WithTimeout(ctx, p.groupsTimeout)
	defer cancel()
	answer, err := p.requestToken(ctx, renewal, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refreshToken},
		"scope":         {graphScope},
	})
	if err != nil {
		return nil, err
	}
	docs, err := p.v2.documents(ctx)
	if err != nil {
		return nil, err
	}
	return p.listGroups(ctx, p.authority.graphOrigin(docs.metadata.GraphHost), answer.AccessToken)
}

// listGroups reads all pages. Half a list is no list: who is on the other half would count as no
// member. Groups that hold groups that somebody is in count, as they do in tokens.
func (p *Provider) listGroups(ctx context.Context, origin, token string) ([]string, error) {
	path := origin + "/v1.0/me/transitiveMemberOf?"
	next := path + url.Values{"$select": {"id"}, "$top": {fmt.Sprint(groupsPage)}}.Encode()
	var all []string
	for range maxPages {
		page, err := p.groupsAt(ctx, next, token)
		if err != nil {
			return nil, err
		}
		if all = append(all, page.ids...); len(all) > maxGroups {
			return nil, errTooManyGroups
		}
		switch next = page.next; {
		case next == "" && len(all) == 0:
			return nil, errNoGroups
		case next == "":
			slices.Sort(all)
			return slices.Compact(all), nil
		case !strings.HasPrefix(next, path):
			return nil, fmt.Errorf("%w: its next page is somewhere else", errNotGroups)
		}
	}
	return nil, errTooManyGroups
}

// membershipPage is one page of a list.
type membershipPage struct {
	ids  []string
	next string
}

// groupsAt reads one page.
func (p *Provider) groupsAt(ctx context.Context, address, token string) (*membershipPage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errNotGroups
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking Microsoft Graph: %w", err)
	}
	defer resp.Body.Close()
	body, err := readBounded(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("reading Microsoft Graph's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, graphRefusal(resp.StatusCode, body)
	}
	return readMemberships(body)
}

func readMemberships(body []byte) (*membershipPage, error) {
	var answer struct {
		Next  string                 `json:"@odata.nextLink"`
		Value *[]struct{ ID string } `json:"value"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Value == nil {
		return nil, errNotGroups
	}
	page := &membershipPage{next: answer.Next}
	for _, member := range *answer.Value {
		id := strings.ToLower(member.ID)
		if !isGUID(id) {
			return nil, errNotGroups
		}
		page.ids = append(page.ids, id)
	}
	return page, nil
}

// graphCode is how Graph writes the code of an error.
var graphCode = regexp.MustCompile(`^[A-Za-z_]{1,64}$`)

// graphRefusal names the status and code of an error of Graph's and nothing else of it
// (https://learn.microsoft.com/graph/errors).
func graphRefusal(status int, body []byte) error {
	var answer struct {
		Error struct{ Code string } `json:"error"`
	}
	said := fmt.Sprintf("status %d", status)
	if json.Unmarshal(body, &answer) == nil && graphCode.MatchString(answer.Error.Code) {
		said += ", " + answer.Error.Code
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return fmt.Errorf("%w: %s", errGraphDenied, said)
	}
	return errors.New("the answer of Microsoft Graph has " + said)
}

// graphOrigin is where Microsoft Graph is. The discovery document may choose among the hosts of the
// configured cloud; a token has no say.
func (a *authority) graphOrigin(named string) string {
	if a.loopback {
		return a.origin
	}
	if slices.Contains(a.graphs, named) {
		return "https://" + named
	}
	return "https://" + a.graphs[0]
}

// checkGraph says whether it is known where Microsoft Graph is, if it is to be asked.
func (p *Provider) checkGraph() error {
	a := p.authority
	if !p.resolveGroups || a.loopback || len(a.graphs) > 0 {
		return nil
	}
	return fmt.Errorf("resolve_groups works with Microsoft's own clouds, and %s is none of their hosts: where its Microsoft Graph would be is not known", a.hosts[0])
}
