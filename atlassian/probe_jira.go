package atlassian

import "context"

// probeJira reads the deployment type from the server information, which both deployments have
// under API version 2. A server too old to name its type is a server.
func probeJira(ctx context.Context, s *Site) (Deployment, error) {
	var info struct {
		DeploymentType string `json:"deploymentType"`
	}
	if err := s.probeJSON(ctx, "rest/api/2/serverInfo", &info); err != nil {
		return "", err
	}
	if info.DeploymentType == "Cloud" {
		return Cloud, nil
	}
	return DataCenter, nil
}
