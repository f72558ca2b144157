package markup

import (
	"encoding/json"
	"slices"
	"strconv"
)

// attrSpec is an attribute that ADF's schema allows. Attributes it does not allow are left out on
// the way in and on the way out, so that what was read can be written.
type attrSpec struct {
	name     string
	required bool
	ok       func(value any) bool
}

// adfSpecs are the attributes of the nodes that a placeholder can stand for, as one or more
// variants, of which the first that is complete counts. Local ids are there where an app finds its
// data by them; elsewhere they are left out.
var adfSpecs = map[string][][]attrSpec{
	"extension":       {append(extensionAttrs(), attrSpec{"layout", false, oneOf("wide", "full-width", "default")})},
	"bodiedExtension": {append(extensionAttrs(), attrSpec{"layout", false, oneOf("wide", "full-width", "default")})},
	"inlineExtension": {extensionAttrs()},
	"syncBlock":       {{{"resourceId", true, isString}, {"localId", true, isString}}},
	"bodiedSyncBlock": {{{"resourceId", true, isString}, {"localId", true, isString}}},
	"inlineCard":      {{{"url", true, isWebAttr}}, {{"data", true, isAny}}},
	"blockCard": {
		{{"datasource", true, isDatasource}, {"url", false, isWebAttr}, {"width", false, isNumber}, {"layout", false, isLayout}},
		{{"url", true, isWebAttr}}, {{"data", true, isAny}},
	},
	"embedCard": {{
		{"url", true, isWebAttr},
		{"layout", true, isLayout},
		{"width", false, isPercentage},
		{"originalHeight", false, isNumber},
		{"originalWidth", false, isNumber},
	}},
	"emoji": {{{"shortName", true, isString}, {"id", false, isString}, {"text", false, isString}}},
	"mediaInline": {{
		{"id", true, isText},
		{"collection", true, isString},
		{"type", false, oneOf("link", "file", "image")},
		{"alt", false, isString},
		{"occurrenceKey", false, isText},
		{"width", false, isNumber},
		{"height", false, isNumber},
		{"data", false, isAny},
	}},
	"panel": {{
		{"panelIcon", false, isString}, {"panelIconId", false, isString}, {"panelIconText", false, isString}, {"panelColor", false, isString},
	}},
	"codeBlock": {{{"wrap", false, isBool}, {"hideLineNumbers", false, isBool}, {"uniqueId", false, isString}}},
	"mention":   {{{"accessLevel", false, isText}, {"userType", false, oneOf("DEFAULT", "SPECIAL", "APP")}}},
	"status":    {{{"style", false, isText}}},
}

func extensionAttrs() []attrSpec {
	return []attrSpec{
		{"extensionKey", true, isText}, {"extensionType", true, isText}, {"parameters", false, isAny},
		{"text", false, isString}, {"localId", false, isText},
	}
}

// adfAttrs is what a node of a type may have of attrs; false when that does not make a node.
func adfAttrs(typ string, attrs map[string]any) (map[string]any, bool) {
	for _, variant := range adfSpecs[typ] {
		if valid, ok := variantAttrs(variant, attrs); ok {
			return valid, true
		}
	}
	return nil, false
}

func variantAttrs(variant []attrSpec, attrs map[string]any) (map[string]any, bool) {
	valid := map[string]any{}
	for _, spec := range variant {
		switch value, has := attrs[spec.name]; {
		case has && spec.ok(value):
			valid[spec.name] = value
		case spec.required:
			return nil, false
		}
	}
	return valid, true
}

func isAny(v any) bool { return v != nil }

func isString(v any) bool { _, ok := v.(string); return ok }

func isText(v any) bool { s, ok := v.(string); return ok && s != "" }

func isBool(v any) bool { _, ok := v.(bool); return ok }

// isWebAttr keeps addresses out that a browser would run.
func isWebAttr(v any) bool { s, ok := v.(string); return ok && isWebLink(s) }

func oneOf(values ...string) func(any) bool {
	return func(v any) bool { s, ok := v.(string); return ok && slices.Contains(values, s) }
}

var isLayout = oneOf("wide", "full-width", "center", "wrap-right", "wrap-left", "align-end", "align-start")

func isNumber(v any) bool { _, ok := jsonNumber(v); return ok }

func isPercentage(v any) bool { f, ok := jsonNumber(v); return ok && f >= 0 && f <= 100 }

// jsonNumber is a number of a size that a width or a height can have.
func jsonNumber(v any) (float64, bool) {
	f, isFloat := v.(float64)
	if n, ok := v.(json.Number); ok {
		var err error
		f, err = n.Float64()
		isFloat = err == nil
	}
	return f, isFloat && f > -1e9 && f < 1e9
}

// numberText spells a number in one way only.
func numberText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// isDatasource says whether v is a list of work items, say, that a block card shows.
func isDatasource(v any) bool {
	source, ok := v.(map[string]any)
	if !ok || !onlyKeys(source, "id", "parameters", "views") || !isString(source["id"]) {
		return false
	}
	views, ok := source["views"].([]any)
	if _, has := source["parameters"]; !has || !ok || len(views) == 0 {
		return false
	}
	for _, v := range views {
		view, ok := v.(map[string]any)
		if !ok || !onlyKeys(view, "type", "properties") || !isString(view["type"]) {
			return false
		}
	}
	return true
}

func onlyKeys(m map[string]any, keys ...string) bool {
	for k := range m {
		if !slices.Contains(keys, k) {
			return false
		}
	}
	return true
}
