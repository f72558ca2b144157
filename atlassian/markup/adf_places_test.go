package markup

import (
	"encoding/json"
	"strings"
	"testing"
)

// placeDefinitions are the definitions of the schema for the places that the writer knows.
var placeDefinitions = map[adfPlace]string{
	inDoc: "doc_node", inItem: "listItem_node", inQuote: "blockquote_node", inPanel: "panel_node", inCell: "table_cell_content",
	inExpand: "expand_node", inNestedExpand: "nestedExpand_content", inColumn: "block_content",
	inBodied: "non_nestable_block_content", inSync: "bodiedSyncBlock_node", inTask: "blockTaskItem_node",
}

// What the writer puts in each place is what the schema allows there: no more, and no less.
func TestPlacesAreTheSchemas(t *testing.T) {
	definitions := adfDefinitions(t)
	everywhere := []string{"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle"}
	for place, name := range placeDefinitions {
		want := map[string]bool{}
		addTypes(t, definitions, definitions[name], want)
		for _, typ := range everywhere {
			if !want[typ] && place != inTask {
				t.Errorf("%s does not allow %s", name, typ)
			}
			delete(want, typ)
		}
		for typ := range want {
			if !place.allows(typ) {
				t.Errorf("%s allows %s, which is never put there", name, typ)
			}
		}
		for _, typ := range adfAllowed[place] {
			if !want[typ] {
				t.Errorf("%s does not allow %s", name, typ)
			}
		}
	}
}

// addTypes collects the types of node that a definition's content refers to.
func addTypes(t *testing.T, definitions map[string]json.RawMessage, definition json.RawMessage, types map[string]bool) {
	t.Helper()
	const ref = `"$ref":"#/definitions/`
	content := strings.ReplaceAll(string(definition), `"$ref": "`, `"$ref":"`)
	if _, after, found := strings.Cut(content, `"content"`); found {
		content = after
	}
	for part := range strings.SplitSeq(content, ref) {
		name, _, ok := strings.Cut(part, `"`)
		switch {
		case !ok || definitions[name] == nil:
		case strings.HasSuffix(name, "_content"):
			addTypes(t, definitions, definitions[name], types)
		default:
			types[strings.Split(name, "_")[0]] = true
		}
	}
}

// The specification of a placeholder's attributes has the types that the schema has.
func TestPlaceholderAttributesAreTheSchemas(t *testing.T) {
	definitions := adfDefinitions(t)
	for typ, variants := range adfSpecs {
		definition := string(definitions[typ+"_node"])
		for _, variant := range variants {
			for _, spec := range variant {
				if !strings.Contains(definition, `"`+spec.name+`"`) {
					t.Errorf("the schema's %s has no %s", typ, spec.name)
				}
			}
		}
	}
	if !isObject(schemeADF + ":") {
		t.Error("the placeholders are no objects")
	}
}
