package contract

import (
	"regexp"
)

// Exception tolerates one kind of finding on one operation, because the document is wrong there and
// the product is known to behave otherwise. An entry without the defect quoted is not acceptable.
type Exception struct {
	// Operation is method and path as the document spells them, such as "POST /rest/api/content".
	// AnyOperation stands for all of the document.
	Operation string
	// Finding matches the text that Wrap would report.
	Finding *regexp.Regexp
	// Defect quotes what the document says, and what the product really does.
	Defect string
}

// AnyOperation is for a defect in a schema that all operations share, such as that of errors.
const AnyOperation = "any"

func (e Exception) covers(operation, finding string) bool {
	return (e.Operation == operation || e.Operation == AnyOperation) && e.Finding.MatchString(finding)
}

// exceptions are the tolerated defects of each document.
var exceptions = map[string][]Exception{
	"confluence-cloud-v1.json":    confluenceCloudExceptions,
	"confluence-dc-10.0.3.json":   confluenceDataCenterExceptions,
	"jira-cloud-platform-v3.json": jiraCloudExceptions,
	"jira-dc-10.3.json":           jiraDataCenterExceptions,
}
