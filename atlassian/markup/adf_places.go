package markup

import "slices"

// adfPlace is an ADF node whose content is being written; it decides what may stand in it.
type adfPlace uint8

const (
	inDoc adfPlace = iota
	inItem
	inQuote
	inPanel
	inCell
	inExpand
	inNestedExpand
	inColumn
	inBodied
	inSync
	inTask // a task of several paragraphs
)

// adfAllowed says which blocks stand in which place. All places but inTask allow paragraphs, lists,
// code and single images. From the definitions of Atlassian's schema:
// https://unpkg.com/@atlaskit/adf-schema/dist/json-schema/v1/full.json
var adfAllowed = [...][]string{
	inDoc: {
		"heading", "taskList", "rule", "decisionList", "panel", "blockquote", "table", "expand", "mediaGroup",
		"blockCard", "embedCard", "extension", "bodiedExtension", "syncBlock", "bodiedSyncBlock", "layoutSection",
	},
	inItem:  {"taskList", "extension"},
	inTask:  {"extension"},
	inQuote: {"mediaGroup", "extension"},
	inPanel: {"heading", "taskList", "rule", "decisionList", "mediaGroup", "blockCard", "extension"},
	inCell: {
		"heading", "taskList", "rule", "decisionList", "panel", "blockquote", "nestedExpand", "mediaGroup",
		"blockCard", "embedCard", "extension",
	},
	inExpand: {
		"heading", "taskList", "rule", "decisionList", "panel", "blockquote", "table", "nestedExpand", "mediaGroup",
		"blockCard", "embedCard", "extension",
	},
	inNestedExpand: {
		"heading", "taskList", "rule", "decisionList", "panel", "blockquote", "mediaGroup", "extension",
	},
	inColumn: {
		"heading", "taskList", "rule", "decisionList", "panel", "blockquote", "table", "expand", "mediaGroup",
		"blockCard", "embedCard", "extension", "bodiedExtension",
	},
	inBodied: {
		"heading", "taskList", "rule", "decisionList", "panel", "blockquote", "table", "mediaGroup",
		"blockCard", "embedCard", "extension",
	},
	inSync: {
		"heading", "taskList", "rule", "decisionList", "panel", "blockquote", "table", "expand", "mediaGroup",
		"blockCard", "embedCard", "layoutSection",
	},
}

func (p adfPlace) allows(typ string) bool { return slices.Contains(adfAllowed[p], typ) }
