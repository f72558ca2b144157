package contract

import "regexp"

// issueFieldIsNull matches a field of an issue that has no value.
var issueFieldIsNull = regexp.MustCompile(`^(?:response 200|request body) /(?:issues/\d+/)?fields/\w+: Value is not nullable`)

const issueFieldIsNullDefect = `An issue's fields are declared as {"type": "object", "additionalProperties": {}}, which in OpenAPI 3.0 forbids null; Jira answers null for every field without a value ("assignee": null, "resolution": null), and null is how a field is cleared.`

// assigneeIsNull matches the body that unassigns an issue.
var assigneeIsNull = regexp.MustCompile(`^request body /(?:accountId|name): Value is not nullable`)

const assigneeIsNullDefect = `The body is declared as a user whose id is a string; the operation's own description says that a null id removes the assignee.`

// listIsOne matches a list where one of its items is declared.
var listIsOne = regexp.MustCompile(`^response 200 /: value must be an object`)

// jiraCloudExceptions are the defects of jira-cloud-platform-v3.json.
var jiraCloudExceptions = []Exception{
	{Operation: "GET /rest/api/3/issue/{issueIdOrKey}", Finding: issueFieldIsNull, Defect: issueFieldIsNullDefect},
	{Operation: "POST /rest/api/3/search/jql", Finding: issueFieldIsNull, Defect: issueFieldIsNullDefect},
	{Operation: "POST /rest/api/3/issue/{issueIdOrKey}/transitions", Finding: issueFieldIsNull, Defect: issueFieldIsNullDefect},
	{Operation: "PUT /rest/api/3/issue/{issueIdOrKey}", Finding: issueFieldIsNull, Defect: issueFieldIsNullDefect},
	{Operation: "PUT /rest/api/3/issue/{issueIdOrKey}/assignee", Finding: assigneeIsNull, Defect: assigneeIsNullDefect},
	{
		Operation: "POST /rest/api/3/bulk/issues/move",
		Finding:   regexp.MustCompile(`^request body /(?:targetToMultipleSourceMapping|targetToSourcesMapping/[^/]+/issueIdOrKeys): property "\w+" is missing`),
		Defect:    `The schemas demand "targetToMultipleSourceMapping" and "issueIdOrKeys", which they neither declare nor allow besides; what they declare, and their example sends, is "targetToSourcesMapping" with "issueIdsOrKeys".`,
	},
	{
		Operation: "GET /rest/api/2/serverInfo",
		Finding:   regexp.MustCompile(`^path: `),
		Defect:    "The document is that of version 3; the probe asks under version 2, which both deployments have, because it does not know yet which one it talks to.",
	},
}

// jiraDataCenterExceptions are the defects of jira-dc-10.3.json.
var jiraDataCenterExceptions = []Exception{
	{Operation: "GET /rest/api/2/issue/{issueIdOrKey}", Finding: issueFieldIsNull, Defect: issueFieldIsNullDefect},
	{Operation: "POST /rest/api/2/search", Finding: issueFieldIsNull, Defect: issueFieldIsNullDefect},
	{Operation: "POST /rest/api/2/issue/{issueIdOrKey}/transitions", Finding: issueFieldIsNull, Defect: issueFieldIsNullDefect},
	{Operation: "PUT /rest/api/2/issue/{issueIdOrKey}", Finding: issueFieldIsNull, Defect: issueFieldIsNullDefect},
	{Operation: "PUT /rest/api/2/issue/{issueIdOrKey}/assignee", Finding: assigneeIsNull, Defect: assigneeIsNullDefect},
	{
		Operation: "GET /rest/api/2/user/search",
		Finding:   listIsOne,
		Defect:    `"Returns a list of users that match the search string" is declared as one UserBean, not as an array of them.`,
	},
	{
		Operation: "GET /rest/api/2/user/assignable/search",
		Finding:   listIsOne,
		Defect:    `"Returns a list of users that match the search string" is declared as one UserBean, not as an array of them.`,
	},
	{
		Operation: "DELETE /rest/api/2/issue/{issueIdOrKey}/comment/{id}",
		Finding:   regexp.MustCompile(`^response 404: status is not supported`),
		Defect:    "Only 204 and 400 are declared; Jira answers 404 for a comment or an issue that does not exist, as the GET of the same path does.",
	},
	{
		Operation: "GET /rest/api/2/issue/{issueIdOrKey}/transitions",
		Finding:   regexp.MustCompile(`^request: query parameter "expand" is not declared`),
		Defect:    `The description of the operation says "Fields will only be returned if expand=transitions.fields", but its parameters are only transitionId and issueIdOrKey.`,
	},
	{
		Operation: "GET /rest/api/2/field",
		Finding:   regexp.MustCompile(`^response 200 /: value must be an object`),
		Defect:    `"Returns a list of all fields, both System and Custom" is declared as one FieldBean, not as an array of them.`,
	},
	{
		Operation: "POST /rest/api/2/issue/{issueIdOrKey}/comment",
		Finding:   regexp.MustCompile(`^request body /properties/\d+/value: value must be a string`),
		Defect:    `EntityPropertyBean declares "value": {"type": "string"}; Jira takes any JSON, and Service Management reads {"key": "sd.public.comment", "value": {"internal": true}}.`,
	},
	{
		Operation: "POST /rest/api/2/issue/{issueIdOrKey}/comment",
		Finding:   regexp.MustCompile(`^response 404: status is not supported`),
		Defect:    "Only 201 and 400 are declared; Jira answers 404 for an issue that does not exist or may not be seen, as every other operation on issues does.",
	},
}

// undeclaredScopes are those of operations whose document declares none and which demand some all
// the same: jira-cloud-software-agile.json has no x-atlassian-oauth2-scopes, and its operations know
// granular scopes alone. Source: "OAuth 2.0 scopes required" of each operation in
// https://developer.atlassian.com/cloud/jira/software/rest/api-group-board/.
var undeclaredScopes = map[string][]string{
	"GET /rest/agile/1.0/board":                  {"read:board-scope:jira-software", "read:project:jira"},
	"GET /rest/agile/1.0/board/{boardId}/sprint": {"read:sprint:jira-software"},
}
