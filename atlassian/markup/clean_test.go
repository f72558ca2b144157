package markup

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"prose stays", "Grüße, 日本語, a\tb\nc", "Grüße, 日本語, a\tb\nc"},
		{"emoji with joiners and selectors stay", "👩\u200d💻 ❤\ufe0f می\u200cخواهم", "👩\u200d💻 ❤\ufe0f می\u200cخواهم"},
		{"a rainbow flag, a keycap, a skin tone, a shaking head", "🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 👩🏽\u200d💻 🙂\u200d↔\ufe0f", "🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 👩🏽\u200d💻 🙂\u200d↔\ufe0f"},
		{"letters and marks that are emoji", "ℹ\ufe0f ©\ufe0f ‼\ufe0f ⁉\ufe0f 〰\ufe0f ㊗\ufe0f Ⓜ\ufe0f ↔\ufe0f", "ℹ\ufe0f ©\ufe0f ‼\ufe0f ⁉\ufe0f 〰\ufe0f ㊗\ufe0f Ⓜ\ufe0f ↔\ufe0f"},
		{"Hindi, Arabic with vowels, Hebrew", "क्\u200dष مُ\u200cخ ه\u200d שלום", "क्\u200dष مُ\u200cخ ه\u200d שלום"},
		{"joiners and selectors that shape nothing", "\u200da\u200cb\u200d\ufe0fc1\ufe0f 👩\u200dx 👩\u200d\u200d💻 ❤\ufe0f\ufe0e\ufe0fمی\u200c\u200d\u200cخ", "abc1 👩x 👩\u200d💻 ❤\ufe0fمی\u200cخ"},
		{"line ends", "a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"},
		{"terminal escapes", "\x1b[31mred\x1b[0m\x07\u009b", "[31mred[0m"},
		{"bidirectional controls", "a\u202eb\u2066c\u2069d\u200f", "abcd"},
		{"hidden instructions in tags", "hi\U000E0049\U000E0067\U000E006E\U000E006F\U000E0072\U000E0065", "hi"},
		{"hidden bytes in variation selectors", "x\ufe00\ufe01\U000E0100\U000E01EF", "x"},
		{"zero width", "pass\u200bword\ufeff\u2060\u00ad", "password"},
		{"controls of hieroglyphs", "\U00013000\U00013430\U00013437x\U0001343F", "\U00013000x"},
		{"signs over numbers stay", "\u0600\u0661 \u06DD\u0662 \u070F\u0710 \u08E2 \U000110BD", "\u0600\u0661 \u06DD\u0662 \u070F\u0710 \u08E2 \U000110BD"},
		{"blank symbols", "a\U0001D159b \u2800\ufe0e\u2800\ufe0f", "ab \u2800\u2800"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
		{"noncharacters", "a\uffffb\ufdd0\U0001FFFE", "ab"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Clean(tc.in); got != tc.want {
				t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

// What is hidden must stay out on every way in, also when it is spelled as a reference or escape.
func TestAttack9_2_HiddenCharactersInDocuments(t *testing.T) {
	adf, err := FromADF([]byte(`{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"a\u202e\udb40\udc49b"},{"type":"mention","attrs":{"id":"x","text":"@\u200bx"}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	storage, err := FromStorage("<p>a&#x202e;&#xE0049;b</p><ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[\u200bx]]></ac:plain-text-body></ac:structured-macro>")
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"FromADF": adf, "FromStorage": storage, "FromWiki": FromWiki("a&#x202e;\u202e&#917577;b"),
		"ToStorage": ToStorage("a&#x202e;&#1;&#917577;b"), "ToADF": string(ToADF("a&#x202e;&#1;&#917577;b")),
		"placeholder": FromWiki("[~a%E2%80%AEb]"),
	} {
		if got != Clean(got) || strings.Contains(got, `\u202e`) {
			t.Errorf("%s let hidden characters through: %q", name, got)
		}
		if !strings.Contains(got, "ab") && !strings.Contains(got, "[@a") {
			t.Errorf("%s lost the text: %q", name, got)
		}
	}
}
