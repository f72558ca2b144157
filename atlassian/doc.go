// Package atlassian is the ground that the Jira and Confluence clients stand on: a [Site] with its
// credentials, retries, limits and deployment, and errors that a language model can act on.
//
// It knows neither MCP nor Caddy. A program uses it by making one Site per product and handing it,
// as the Doer, to go-atlassian's clients.
package atlassian
