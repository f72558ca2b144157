package contract

import "regexp"

// tenantInfo is how the deployment is found out.
var tenantInfo = Exception{
	Operation: "GET /_edge/tenant_info",
	Finding:   regexp.MustCompile(`^path: `),
	Defect:    "The documents describe the product's REST API; /_edge/tenant_info belongs to the platform that every Cloud site stands on, and answers 404 anywhere else.",
}

// confluenceCloudExceptions are the defects of confluence-cloud-v1.json and -v2.json.
var confluenceCloudExceptions = []Exception{
	tenantInfo,
	{
		Operation: "GET /wiki/api/v2/pages",
		Finding:   regexp.MustCompile(`^request query parameter id: .* value \d+(?:,\d+)+: an invalid integer`),
		Defect:    `The parameter's description says "Multiple page ids can be specified as a comma-separated list", but without "explode": false its schema asks for id=1&id=2.`,
	},
	{
		Operation: "GET /wiki/rest/api/content/{id}/restriction/byOperation",
		Finding:   regexp.MustCompile(`^response 404: status is not supported`),
		Defect:    `Only 200 is declared, although it "is similar to Get restrictions", which declares 404 for "There is no content with the given ID".`,
	},
	{
		Operation: "PUT /wiki/api/v2/pages/{id}",
		Finding:   regexp.MustCompile(`^response 409: status is not supported`),
		Defect:    `Only 200, 400, 401 and 404 are declared; Confluence answers 409 {"errors":[{"status":409,"code":"CONFLICT","title":"Version must be incremented when updating a page. Current Version: [5]. Provided version: [5]","detail":null}]} (community.developer.atlassian.com, topic 98344).`,
	},
}

// confluenceDataCenterExceptions are the defects of confluence-dc-10.0.3.json.
var confluenceDataCenterExceptions = []Exception{
	tenantInfo,
	{
		Operation: AnyOperation,
		Finding:   regexp.MustCompile(`^response 4\d\d /data/errors: value must be an object`),
		Defect:    `ValidationResult declares "errors": {"type": "object"}; Confluence answers a list: {"statusCode":400,"data":{"authorized":false,"valid":true,"errors":[],"successful":false},"message":"Error parsing xhtml: …"} (kovetskiy/mark#111).`,
	},
	{
		Operation: "POST /rest/api/content",
		Finding:   regexp.MustCompile(`^response 400: status is not supported`),
		Defect:    `Only 200 and 404 are declared; Confluence answers 400 for a title that is taken ("A page with this title already exists", kovetskiy/mark#672) and for a body that is no XHTML ("Error parsing xhtml", kovetskiy/mark#111).`,
	},
	{
		Operation: "GET /rest/api/content/{id}/restriction/byOperation",
		Finding:   regexp.MustCompile(`^response 404: status is not supported`),
		Defect:    `Only 200 is declared; PUT /rest/api/content/{id}/restriction declares 404 "if there is no content with the given id".`,
	},
	{
		Operation: "PUT /rest/api/content/{id}",
		Finding:   regexp.MustCompile(`^response 409: status is not supported`),
		Defect:    `Only 200, 400 and 404 are declared; Confluence answers 409 "Version must be incremented on update. Current version is: 5" (justmiles/go-markdown2confluence#43).`,
	},
}
