package atlassian

import (
	"context"
	"slices"
	"time"
)

// Capability is something that a tool needs of a site and that not every deployment has. Where the
// site lacks it, the tool is not listed, and a call that comes all the same is refused.
type Capability string

// What tools need, in words that complete "Jira Data Center does not …". A tool that needs nothing of
// this works on both deployments, in the dialect of each.
const (
	BulkChangelogs Capability = "give the changes of several issues"
	MoveIssues     Capability = "move issues to another project through its API"
)

// capabilities says which deployments have what, by the operations that it takes.
var capabilities = map[Capability][]Deployment{
	BulkChangelogs: {Cloud}, // POST /rest/api/3/changelog/bulkfetch
	MoveIssues:     {Cloud}, // POST /rest/api/3/bulk/issues/move, GET /rest/api/3/bulk/queue/{taskId}
}

// offerPatience is how long a list of tools waits for a site that has not said yet what it is.
const offerPatience = 2 * time.Second

// Offers says whether the site has a capability, or cannot tell in time: a site in trouble should not
// take tools away for as long as a client keeps the list.
func (s *Site) Offers(ctx context.Context, c Capability) bool {
	ctx, cancel := context.WithTimeout(ctx, offerPatience)
	defer cancel()
	deployment, err := s.Deployment(ctx)
	return err != nil || slices.Contains(capabilities[c], deployment)
}

// Need returns an InputError about the named argument where the deployment of a site lacks what the
// call needs.
func (s *Site) Need(c Capability, d Deployment, argument string) error {
	if slices.Contains(capabilities[c], d) {
		return nil
	}
	name := map[Deployment]string{Cloud: " Cloud", DataCenter: " Data Center"}[d]
	return &InputError{Argument: argument, Problem: s.Name() + name + " does not " + string(c)}
}
