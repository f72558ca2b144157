package markup

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// adfDefinitions are the definitions of Atlassian's schema.
func adfDefinitions(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	requireSchema(t)
	data, err := os.ReadFile(filepath.Join(os.Getenv("ATLASSIAN_SPECS"), "adf-schema-full.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	return schema.Definitions
}

// nodeCase is an example of a definition of the schema. What Markdown keeps of it is want, or all
// of it when want is empty.
type nodeCase struct{ blocks, want string }

// paragraph wraps inline nodes.
func paragraphADF(inlines string) string { return `{"type":"paragraph","content":[` + inlines + `]}` }

func plainADF(text string) string { return paragraphADF(`{"type":"text","text":"` + text + `"}`) }

// markedADF is text with a mark.
func markedADF(mark string) string {
	return paragraphADF(`{"type":"text","text":"a","marks":[` + mark + `]}`)
}

// formatsLost is a case of a mark that Markdown leaves out.
func formatLost(mark string) []nodeCase { return []nodeCase{{markedADF(mark), plainADF("a")}} }

const fileADF = `{"type":"media","attrs":{"type":"file","id":"f-1","collection":"c"}}`

// nodeCases has one or more examples of every node and mark that the schema defines.
var nodeCases = map[string][]nodeCase{
	"doc_node":                        {{plainADF("a") + "," + plainADF("b"), ""}},
	"paragraph_node":                  {{plainADF("a"), ""}, {`{"type":"paragraph","attrs":{"localId":"x"},"content":[{"type":"text","text":"a"}]}`, plainADF("a")}},
	"paragraph_with_no_marks_node":    {{`{"type":"paragraph","marks":[],"content":[{"type":"text","text":"a"}]}`, plainADF("a")}},
	"paragraph_with_alignment_node":   {{`{"type":"paragraph","marks":[{"type":"alignment","attrs":{"align":"center"}}],"content":[{"type":"text","text":"a"}]}`, plainADF("a")}},
	"paragraph_with_indentation_node": {{`{"type":"paragraph","marks":[{"type":"indentation","attrs":{"level":2}}],"content":[{"type":"text","text":"a"}]}`, plainADF("a")}},
	"paragraph_with_font_size_node":   {{`{"type":"paragraph","marks":[{"type":"fontSize","attrs":{"fontSize":"small"}}],"content":[{"type":"text","text":"a"}]}`, plainADF("a")}},
	"heading_node":                    {{`{"type":"heading","attrs":{"level":3},"content":[{"type":"text","text":"a"}]}`, ""}},
	"heading_with_no_marks_node":      {{`{"type":"heading","marks":[],"attrs":{"level":6},"content":[{"type":"text","text":"a"}]}`, `{"type":"heading","attrs":{"level":6},"content":[{"type":"text","text":"a"}]}`}},
	"heading_with_alignment_node":     {{`{"type":"heading","marks":[{"type":"alignment","attrs":{"align":"end"}}],"attrs":{"level":1},"content":[{"type":"text","text":"a"}]}`, `{"type":"heading","attrs":{"level":1},"content":[{"type":"text","text":"a"}]}`}},
	"heading_with_indentation_node":   {{`{"type":"heading","marks":[{"type":"indentation","attrs":{"level":1}}],"attrs":{"level":1},"content":[{"type":"text","text":"a"}]}`, `{"type":"heading","attrs":{"level":1},"content":[{"type":"text","text":"a"}]}`}},
	"text_node":                       {{plainADF(`a *b* [c] <d> &amp; \\ :rocket:`), ""}},
	"text_with_no_marks_node":         {{plainADF("a_b_c"), ""}},
	"formatted_text_inline_node":      {{paragraphADF(`{"type":"text","text":"a","marks":[{"type":"strong"}]},{"type":"text","text":"b","marks":[{"type":"strong"},{"type":"em"}]},{"type":"text","text":"c"}`), ""}},
	"code_inline_node":                {{markedADF(`{"type":"code"},{"type":"link","attrs":{"href":"https://a.example"}}`), ""}},
	"hardBreak_node":                  {{paragraphADF(`{"type":"text","text":"a"},{"type":"hardBreak"},{"type":"text","text":"b"}`), ""}},
	"rule_node":                       {{`{"type":"rule"}`, ""}},
	"bulletList_node":                 {{`{"type":"bulletList","content":[{"type":"listItem","content":[` + plainADF("a") + `,{"type":"bulletList","content":[{"type":"listItem","content":[` + plainADF("b") + `]}]}]}]}`, ""}},
	"orderedList_node":                {{`{"type":"orderedList","attrs":{"order":7},"content":[{"type":"listItem","content":[` + plainADF("a") + `]}]}`, ""}},
	"listItem_node":                   {{`{"type":"bulletList","content":[{"type":"listItem","content":[` + plainADF("a") + `,{"type":"codeBlock","content":[{"type":"text","text":"x"}]},{"type":"mediaSingle","attrs":{"layout":"center"},"content":[` + fileADF + `]}]}]}`, ""}},
	"blockquote_node":                 {{`{"type":"blockquote","content":[` + plainADF("a") + `,{"type":"mediaGroup","content":[` + fileADF + `]}]}`, ""}},
	"codeBlock_node":                  {{`{"type":"codeBlock","attrs":{"language":"go","wrap":true,"hideLineNumbers":false,"uniqueId":"u 1"},"content":[{"type":"text","text":"a\n\n  b"}]}`, ""}, {`{"type":"codeBlock","attrs":{"wrap":true}}`, ""}},
	"codeBlock_root_only_node":        {{`{"type":"codeBlock","marks":[{"type":"breakout","attrs":{"mode":"wide"}}],"attrs":{"language":"go"},"content":[{"type":"text","text":"a"}]}`, `{"type":"codeBlock","attrs":{"language":"go"},"content":[{"type":"text","text":"a"}]}`}},
	"panel_node": {
		{`{"type":"panel","attrs":{"panelType":"note"},"content":[` + plainADF("a") + `]}`, ""},
		{`{"type":"panel","attrs":{"panelType":"custom","panelColor":"#DEEBFF","panelIcon":":rocket:","panelIconId":"1f680","panelIconText":"🚀"},"content":[` + plainADF("a") + `]}`, ""},
	},
	"expand_node":                     {{`{"type":"expand","attrs":{"title":"More *or* less"},"content":[` + plainADF("a") + `]}`, ""}},
	"expand_root_only_node":           {{`{"type":"expand","marks":[{"type":"breakout","attrs":{"mode":"full-width"}}],"attrs":{"title":"t"},"content":[` + plainADF("a") + `]}`, `{"type":"expand","attrs":{"title":"t"},"content":[` + plainADF("a") + `]}`}},
	"nestedExpand_node":               {{`{"type":"expand","attrs":{"title":"t"},"content":[{"type":"nestedExpand","attrs":{"title":"u"},"content":[` + plainADF("a") + `]}]}`, ""}},
	"nestedExpand_with_no_marks_node": {{`{"type":"expand","attrs":{"title":""},"content":[{"type":"nestedExpand","attrs":{"title":""},"content":[` + plainADF("a") + `]}]}`, ""}},
	"taskList_node":                   {{`{"type":"taskList","attrs":{"localId":"task-1"},"content":[{"type":"taskItem","attrs":{"localId":"task-2","state":"TODO"},"content":[{"type":"text","text":"a"}]},{"type":"taskList","attrs":{"localId":"task-3"},"content":[{"type":"taskItem","attrs":{"localId":"task-4","state":"DONE"},"content":[{"type":"text","text":"b"}]}]}]}`, ""}},
	"taskItem_node":                   {{`{"type":"taskList","attrs":{"localId":"other"},"content":[{"type":"taskItem","attrs":{"localId":"local","state":"DONE"},"content":[{"type":"text","text":"a"}]}]}`, `{"type":"taskList","attrs":{"localId":"task-1"},"content":[{"type":"taskItem","attrs":{"localId":"task-2","state":"DONE"},"content":[{"type":"text","text":"a"}]}]}`}},
	"blockTaskItem_node":              {{`{"type":"taskList","attrs":{"localId":"task-1"},"content":[{"type":"blockTaskItem","attrs":{"localId":"task-2","state":"TODO"},"content":[` + plainADF("a") + `,` + plainADF("b") + `]},{"type":"taskItem","attrs":{"localId":"task-3","state":"DONE"},"content":[{"type":"text","text":"c"}]}]}`, ""}},
	"decisionList_node":               {{`{"type":"decisionList","attrs":{"localId":"task-1"},"content":[{"type":"decisionItem","attrs":{"localId":"task-2","state":"DECIDED"},"content":[{"type":"text","text":"a"}]},{"type":"decisionItem","attrs":{"localId":"task-3","state":"DECIDED"},"content":[{"type":"text","text":"b"}]}]}`, ""}},
	"decisionItem_node":               {{`{"type":"decisionList","attrs":{"localId":"task-1"},"content":[{"type":"decisionItem","attrs":{"localId":"task-2","state":"DECIDED"},"content":[{"type":"text","text":"a"},{"type":"hardBreak"},{"type":"status","attrs":{"text":"b","color":"red"}}]}]}`, ""}},
	"table_node":                      {{tableADF(`"layout":"wide","width":760,"displayMode":"fixed","isNumberColumnEnabled":true`, `{"type":"tableHeader","content":[`+plainADF("a")+`]}`), tableADF(`"isNumberColumnEnabled":false,"layout":"default"`, `{"type":"tableHeader","content":[`+plainADF("a")+`]}`)}},
	"table_row_node":                  {{tableADF(`"isNumberColumnEnabled":false,"layout":"default"`, `{"type":"tableHeader","content":[`+plainADF("a")+`]}`), ""}},
	"table_header_node":               {{tableADF(`"isNumberColumnEnabled":false,"layout":"default"`, `{"type":"tableHeader","content":[`+plainADF("a")+`]}`, `{"type":"tableHeader","content":[`+plainADF("b")+`]}`), ""}},
	"table_cell_node": {
		{tableADF(`"isNumberColumnEnabled":false,"layout":"default"`, `{"type":"tableCell","content":[`+plainADF("a | b")+`]}`), ""},
		{tableADF(`"isNumberColumnEnabled":false,"layout":"default"`, `{"type":"tableCell","attrs":{"background":"#ffffff","valign":"top","colwidth":[100]},"content":[`+plainADF("a")+`]}`), tableADF(`"isNumberColumnEnabled":false,"layout":"default"`, `{"type":"tableCell","content":[`+plainADF("a")+`]}`)},
	},
	"mention_node": {
		{paragraphADF(`{"type":"mention","attrs":{"id":"557058:a b","text":"@Ada Keller"}}`), ""},
		{paragraphADF(`{"type":"mention","attrs":{"id":"all","text":"@all","userType":"SPECIAL","accessLevel":"CONTAINER"}}`), ""},
		{paragraphADF(`{"type":"mention","attrs":{"id":"557058:ada"}}`), ""},
	},
	"status_node": {
		{paragraphADF(`{"type":"status","attrs":{"text":"In progress","color":"blue"}}`), ""},
		{paragraphADF(`{"type":"status","attrs":{"text":"x","color":"#36b37e","style":"bold"}}`), ""},
		{paragraphADF(`{"type":"status","attrs":{"text":"x","color":"neutral","style":"","localId":"l"}}`), paragraphADF(`{"type":"status","attrs":{"text":"x","color":"neutral"}}`)},
	},
	"date_node": {
		{paragraphADF(`{"type":"date","attrs":{"timestamp":"1795392000000"}}`), ""},
		{paragraphADF(`{"type":"date","attrs":{"timestamp":"1795392000001"}}`), ""},
		{paragraphADF(`{"type":"date","attrs":{"timestamp":"some day"}}`), ""},
	},
	"emoji_node": {
		{paragraphADF(`{"type":"text","text":"go "},{"type":"emoji","attrs":{"shortName":":rocket:","id":"1f680","text":"🚀"}},{"type":"text","text":" go"}`), ""},
		{paragraphADF(`{"type":"emoji","attrs":{"shortName":":party_parrot:","id":"a-b","text":":party_parrot:"}}`), ""},
		{paragraphADF(`{"type":"emoji","attrs":{"shortName":":party_parrot:"}}`), ""},
		{paragraphADF(`{"type":"emoji","attrs":{"shortName":":warning:","id":"atlassian-warning","text":":warning:"}}`), ""},
		{paragraphADF(`{"type":"emoji","attrs":{"shortName":":flamingo:","id":"1f9a9","text":"🦩"}}`), ""},
		{paragraphADF(`{"type":"emoji","attrs":{"shortName":":rocket:"}}`), ""},
	},
	"placeholder_node": {{paragraphADF(`{"type":"placeholder","attrs":{"text":"Type here"}}`), ""}, {paragraphADF(`{"type":"placeholder","attrs":{"text":""}}`), ""}},
	"inlineCard_node": {
		{paragraphADF(`{"type":"inlineCard","attrs":{"url":"https://contoso.atlassian.net/browse/PLAT-1?focusedCommentId=1#x(y)"}}`), ""},
		{paragraphADF(`{"type":"inlineCard","attrs":{"data":{"@type":"Document","name":"A | B","url":"https://a.example"}}}`), ""},
	},
	"blockCard_node": {
		{`{"type":"blockCard","attrs":{"url":"https://a.example/x"}}`, ""},
		{`{"type":"blockCard","attrs":{"data":{"name":"x"}}}`, ""},
		{`{"type":"blockCard","attrs":{"url":"https://a.example","width":50.5,"layout":"wide","datasource":{"id":"i","parameters":{"jql":"a = \"b\""},"views":[{"type":"table","properties":{"columns":[{"key":"k"}]}}]}}}`, ""},
	},
	"embedCard_node": {
		{`{"type":"embedCard","attrs":{"url":"https://a.example","layout":"center"}}`, ""},
		{`{"type":"embedCard","attrs":{"url":"https://a.example","layout":"wide","width":50,"originalHeight":1,"originalWidth":2.5}}`, ""},
	},
	"media_node": {
		{mediaSingleADF(`"layout":"center"`, `{"type":"media","attrs":{"type":"file","id":"f-1","collection":"c","alt":"a.png","width":10,"height":20,"occurrenceKey":"k"},"marks":[{"type":"link","attrs":{"href":"https://a.example"}}]}`), ""},
		{mediaSingleADF(`"layout":"center"`, `{"type":"media","attrs":{"type":"external","url":"https://a.example/b.png"}}`), ""},
		{mediaSingleADF(`"layout":"wide"`, `{"type":"media","attrs":{"type":"external","url":"https://a.example/b.png?c=d&e","width":7}}`), ""},
		{mediaSingleADF(`"layout":"center"`, `{"type":"media","attrs":{"type":"link","id":"f","collection":""},"marks":[{"type":"border","attrs":{"size":1,"color":"#000000"}}]}`), mediaSingleADF(`"layout":"center"`, `{"type":"media","attrs":{"type":"link","id":"f","collection":""}}`)},
	},
	"mediaGroup_node": {
		{`{"type":"mediaGroup","content":[` + fileADF + `]}`, ""},
		{`{"type":"mediaGroup","content":[` + fileADF + `,` + fileADF + `]},{"type":"mediaGroup","content":[` + fileADF + `]}`, ""},
	},
	"mediaInline_node": {
		{paragraphADF(`{"type":"mediaInline","attrs":{"type":"file","id":"f","collection":"c"}}`), ""},
		{paragraphADF(`{"type":"text","text":"a "},{"type":"mediaInline","attrs":{"type":"image","id":"f","collection":"c","alt":"x","width":5},"marks":[{"type":"link","attrs":{"href":"https://a.example"}}]},{"type":"text","text":" b"}`), ""},
		{paragraphADF(`{"type":"mediaInline","attrs":{"id":"f","collection":"c","data":{"x":[1,2]}}}`), ""},
	},
	"mediaSingle_node": {
		{mediaSingleADF(`"layout":"wrap-left","width":33.5`, fileADF), ""},
		{mediaSingleADF(`"layout":"center","width":50,"widthType":"percentage"`, fileADF), ""},
	},
	"mediaSingle_full_node":    {{mediaSingleADF(`"layout":"align-end","width":760,"widthType":"pixel"`, fileADF), ""}},
	"mediaSingle_caption_node": {{mediaSingleADF(`"layout":"center"`, fileADF+`,{"type":"caption","content":[{"type":"text","text":"a \"b\" & c"}]}`), ""}},
	"caption_node": {{
		mediaSingleADF(`"layout":"center"`, fileADF+`,{"type":"caption","content":[{"type":"text","text":"a ","marks":[{"type":"strong"}]},{"type":"mention","attrs":{"id":"i","text":"@b"}}]}`),
		mediaSingleADF(`"layout":"center"`, fileADF+`,{"type":"caption","content":[{"type":"text","text":"a @b"}]}`),
	}},
	"extension_node":                  {{`{"type":"extension","attrs":{"extensionKey":"toc","extensionType":"com.example","layout":"wide","localId":"l","text":"The (contents)","parameters":{"id":12345678901234567890,"f":1.50,"s":"a&b=c d","l":[null,true]}}}`, ""}},
	"extension_with_marks_node":       {{`{"type":"extension","marks":[{"type":"dataConsumer","attrs":{"sources":["s"]}}],"attrs":{"extensionKey":"k","extensionType":"t"}}`, `{"type":"extension","attrs":{"extensionKey":"k","extensionType":"t"}}`}},
	"inlineExtension_node":            {{paragraphADF(`{"type":"text","text":"a "},{"type":"inlineExtension","attrs":{"extensionKey":"k","extensionType":"t","parameters":[],"text":"","localId":"l"}}`), ""}},
	"inlineExtension_with_marks_node": {{paragraphADF(`{"type":"inlineExtension","marks":[{"type":"fragment","attrs":{"localId":"f"}}],"attrs":{"extensionKey":"k","extensionType":"t"}}`), paragraphADF(`{"type":"inlineExtension","attrs":{"extensionKey":"k","extensionType":"t"}}`)}},
	"bodiedExtension_node":            {{`{"type":"bodiedExtension","attrs":{"extensionKey":"excerpt","extensionType":"com.example","parameters":{"a":1}},"content":[` + plainADF("a") + `,{"type":"rule"}]}`, ""}},
	"bodiedExtension_with_marks_node": {{`{"type":"bodiedExtension","marks":[{"type":"fragment","attrs":{"localId":"f"}}],"attrs":{"extensionKey":"k","extensionType":"t"},"content":[` + plainADF("a") + `]}`, `{"type":"bodiedExtension","attrs":{"extensionKey":"k","extensionType":"t"},"content":[` + plainADF("a") + `]}`}},
	"syncBlock_node":                  {{`{"type":"syncBlock","attrs":{"resourceId":"r","localId":"l"}}`, ""}},
	"bodiedSyncBlock_node":            {{`{"type":"bodiedSyncBlock","attrs":{"resourceId":"r","localId":"l"},"content":[` + plainADF("a") + `,` + layoutADF(`"width":50`, `"width":50`) + `]}`, ""}},
	"layoutSection_node":              {{layoutADF(`"width":50`, `"width":50`) + `,` + layoutADF(`"width":25`, `"width":75`), ""}},
	"layoutSection_full_node":         {{layoutADF(`"width":33.33`, `"width":33.33`, `"width":33.34`), ""}},
	"layoutColumn_node":               {{layoutADF(`"width":0,"valign":"middle"`, `"width":100,"valign":"bottom"`), ""}},

	"strong_mark":          {{markedADF(`{"type":"strong"}`), ""}},
	"em_mark":              {{markedADF(`{"type":"em"}`), ""}},
	"strike_mark":          {{markedADF(`{"type":"strike"}`), ""}},
	"underline_mark":       {{markedADF(`{"type":"underline"}`), ""}},
	"code_mark":            {{markedADF(`{"type":"code"}`), ""}},
	"subsup_mark":          {{markedADF(`{"type":"subsup","attrs":{"type":"sub"}}`), ""}, {markedADF(`{"type":"subsup","attrs":{"type":"sup"}}`), ""}},
	"link_mark":            {{markedADF(`{"type":"link","attrs":{"href":"https://a.example/(b) c","title":"d \"e\""}}`), ""}},
	"textColor_mark":       formatLost(`{"type":"textColor","attrs":{"color":"#ff0000"}}`),
	"backgroundColor_mark": formatLost(`{"type":"backgroundColor","attrs":{"color":"#ff0000"}}`),
	"annotation_mark":      formatLost(`{"type":"annotation","attrs":{"id":"i","annotationType":"inlineComment"}}`),

	// These belong to nodes; the cases of the nodes show that they are left out.
	"alignment_mark": nil, "indentation_mark": nil, "fontSize_mark": nil, "breakout_mark": nil, "border_mark": nil,
	"dataConsumer_mark": nil, "fragment_mark": nil,
}

func tableADF(attrs string, cells ...string) string {
	return `{"type":"table","attrs":{` + attrs + `},"content":[{"type":"tableRow","content":[` + strings.Join(cells, ",") + `]}]}`
}

func mediaSingleADF(attrs, content string) string {
	return `{"type":"mediaSingle","attrs":{` + attrs + `},"content":[` + content + `]}`
}

func layoutADF(attrs ...string) string {
	var cols []string
	for _, a := range attrs {
		cols = append(cols, `{"type":"layoutColumn","attrs":{`+a+`},"content":[`+plainADF("a")+`]}`)
	}
	return `{"type":"layoutSection","content":[` + strings.Join(cols, ",") + `]}`
}

func docADF(blocks string) string { return `{"version":1,"type":"doc","content":[` + blocks + `]}` }

// Every node and mark of the schema goes through Markdown and comes back.
func TestEveryNodeComesBack(t *testing.T) {
	definitions := adfDefinitions(t)
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		if strings.HasSuffix(name, "_content") || name == "inline_node" {
			continue // a choice of nodes
		}
		cases, ok := nodeCases[name]
		if !ok {
			t.Errorf("no case for %s", name)
		}
		for _, tc := range cases {
			t.Run(name, func(t *testing.T) { checkComesBack(t, tc) })
		}
	}
	for name := range nodeCases {
		if definitions[name] == nil {
			t.Errorf("the schema has no %s", name)
		}
	}
}

func checkComesBack(t *testing.T, tc nodeCase) {
	t.Helper()
	want := docADF(tc.blocks)
	checkADF(t, json.RawMessage(want))
	md, err := FromADF(json.RawMessage(want))
	if err != nil {
		t.Fatal(err)
	}
	if tc.want != "" {
		want = docADF(tc.want)
	}
	got := ToADF(md)
	checkADF(t, got)
	if diff := cmp.Diff(sortedJSON(t, []byte(want)), sortedJSON(t, got)); diff != "" {
		t.Errorf("Markdown %s\nwant before got:\n%s", md, diff)
	}
}

// sortedJSON spells JSON with sorted keys, one value a line.
func sortedJSON(t *testing.T, doc []byte) string {
	t.Helper()
	v, err := decodeJSON(doc)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compactJSON(v), "", " "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
