package markup

import "strings"

// A callout is a quote whose first line names what it is: > [!INFO] Title. It spells every block
// that has a body and that Markdown lacks.
const (
	calloutExpand   = "EXPAND"
	calloutDecision = "DECISION"
	calloutMacro    = "MACRO"
	calloutPanel    = "PANEL"
)

// panelTypes maps the callouts that are panels to ADF's panel types. CAUTION and IMPORTANT are
// GitHub's.
var panelTypes = map[string]string{
	"INFO": "info", "NOTE": "note", "TIP": "tip", "WARNING": "warning", "ERROR": "error",
	"SUCCESS": "success", calloutPanel: "custom", "CAUTION": "error", "IMPORTANT": "info",
}

// calloutOfPanel is the callout for an ADF panel type.
func calloutOfPanel(panelType string) string {
	switch panelType {
	case "info", "note", "tip", "warning", "error", "success":
		return strings.ToUpper(panelType)
	default:
		return calloutPanel
	}
}

func isCallout(name string) bool {
	_, panel := panelTypes[name]
	return panel || name == calloutExpand || name == calloutDecision || name == calloutMacro
}

// cutCallout reads the first line of a quote.
func cutCallout(line string) (name, title string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "[!")
	if !ok {
		return "", "", false
	}
	name, title, ok = strings.Cut(rest, "]")
	name = strings.ToUpper(name)
	return name, strings.TrimSpace(title), ok && isCallout(name)
}
