package markup

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// emojiNames are the emoji people use most, by the short names that GitHub and Atlassian share.
// Others are written as the character or with the emoji scheme.
const emojiNames = `
+1 👍 -1 👎 100 💯 1234 🔢 airplane ✈️ alarm_clock ⏰ angry 😠 arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ arrow_up ⬆️
astonished 😲 balloon 🎈 ballot_box 🗳️ beer 🍺 beers 🍻 bell 🔔 birthday 🎂 blue_heart 💙 blush 😊 boat ⛵ bomb 💣
book 📖 bookmark 🔖 books 📚 boom 💥 broken_heart 💔 bug 🐛 bulb 💡 calendar 📆 camera 📷 cat 🐱
chart_with_downwards_trend 📉 chart_with_upwards_trend 📈 cherry_blossom 🌸 christmas_tree 🎄 clap 👏 clipboard 📋
cloud ☁️ coffee ☕ cold_sweat 😰 computer 💻 confetti_ball 🎊 confused 😕 construction 🚧 cookie 🍪 cool 🆒
crossed_fingers 🤞 crown 👑 cry 😢 dart 🎯 dash 💨 date 📅 disappointed 😞 dizzy 💫 dizzy_face 😵 dog 🐶 dollar 💵
earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 email 📧 exclamation ❗ expressionless 😑 eyes 👀 fearful 😨 fire 🔥
fireworks 🎆 fist ✊ flushed 😳 four_leaf_clover 🍀 gear ⚙️ gem 💎 ghost 👻 gift 🎁 globe_with_meridians 🌐
green_heart 💚 grey_exclamation ❕ grey_question ❔ grimacing 😬 grin 😁 grinning 😀 hammer 🔨 heart ❤️ heart_eyes 😍
heavy_check_mark ✔️ heavy_minus_sign ➖ heavy_plus_sign ➕ hourglass ⌛ hugging 🤗 inbox_tray 📥 information_source ℹ️
innocent 😇 joy 😂 key 🔑 kissing_heart 😘 label 🏷️ large_blue_circle 🔵 laughing 😆 link 🔗 lock 🔒 loudspeaker 📢
mag 🔍 mailbox 📫 mega 📣 memo 📝 microscope 🔬 moneybag 💰 mortar_board 🎓 muscle 💪 nerd 🤓 neutral_face 😐 no_entry ⛔
no_entry_sign 🚫 ok 🆗 ok_hand 👌 open_hands 👐 open_mouth 😮 outbox_tray 📤 package 📦 paperclip 📎 partying_face 🥳
pencil2 ✏️ pensive 😔 phone ☎️ pizza 🍕 point_down 👇 point_left 👈 point_right 👉 point_up_2 👆 pray 🙏 pushpin 📌
question ❓ rage 😡 rainbow 🌈 raised_hand ✋ raised_hands 🙌 recycle ♻️ red_circle 🔴 relaxed ☺️ relieved 😌 robot 🤖
rocket 🚀 rofl 🤣 rotating_light 🚨 scream 😱 see_no_evil 🙈 seedling 🌱 shield 🛡️ ship 🚢 shrug 🤷 slight_smile 🙂
smile 😄 smiley 😃 smiling_imp 😈 smirk 😏 snail 🐌 snowflake ❄️ sob 😭 sparkles ✨ speech_balloon 💬 star ⭐ star2 🌟
stopwatch ⏱️ stuck_out_tongue 😛 stuck_out_tongue_winking_eye 😜 sunglasses 😎 sunny ☀️ sweat 😓 sweat_smile 😅 tada 🎉
test_tube 🧪 thermometer 🌡️ thinking 🤔 thought_balloon 💭 thumbsdown 👎 thumbsup 👍 tools 🛠️ traffic_light 🚦 trophy 🏆
turtle 🐢 umbrella ☔ unamused 😒 unlock 🔓 upside_down 🙃 v ✌️ warning ⚠️ wastebasket 🗑️ watch ⌚ wave 👋 weary 😩
whale 🐳 white_check_mark ✅ wink 😉 worried 😟 wrench 🔧 x ❌ yellow_heart 💛 yum 😋 zap ⚡ zzz 💤
`

// emojiTables are emojiNames by name and, with the first name of each, by character.
var emojiTables = sync.OnceValues(func() (byName, byText map[string]string) {
	byName, byText = map[string]string{}, map[string]string{}
	fields := strings.Fields(emojiNames)
	for i := 0; i+1 < len(fields); i += 2 {
		name, text := fields[i], fields[i+1]
		byName[name] = text
		if byText[text] == "" {
			byText[text] = name
		}
	}
	return byName, byText
})

// maxEmojiName is longer than any name in emojiNames.
const maxEmojiName = 32

// cutEmojiName reads a short name at the start of s, as in :rocket:, and gives its character and
// how long the short name is.
func cutEmojiName(s string) (text string, size int) {
	if len(s) < 3 || s[0] != ':' {
		return "", 0
	}
	end := strings.IndexByte(s[1:min(len(s), maxEmojiName)], ':')
	if end < 1 {
		return "", 0
	}
	byName, _ := emojiTables()
	if text = byName[s[1:1+end]]; text == "" {
		return "", 0
	}
	return text, end + 2
}

// cutEmoji finds the first character of s that emojiNames has, with where it is. One that goes on,
// with a colour of skin or joined to another, is a different emoji.
func cutEmoji(s string) (before, emoji, after string) {
	_, byText := emojiTables()
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		end := emojiEnd(s, i)
		if byText[s[i:end]] != "" {
			return s[:i], s[i:end], s[end:]
		}
		i = end
	}
	return s, "", ""
}

// emojiEnd is where the character at i ends, with all that is joined to it.
func emojiEnd(s string, i int) int {
	_, size := utf8.DecodeRuneInString(s[i:])
	i += size
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0xFE0F || r == 0xFE0E || 0x1F3FB <= r && r <= 0x1F3FF || r == 0x20E3:
			i += size
		case r == 0x200D:
			i += size
			_, size = utf8.DecodeRuneInString(s[i:])
			i += size
		default:
			return i
		}
	}
	return i
}

// emojiAttrs are the attributes that Atlassian gives the emoji of emojiNames.
func emojiAttrs(text string) (shortName, id string, ok bool) {
	_, byText := emojiTables()
	name := byText[text]
	r, _ := utf8.DecodeRuneInString(text)
	return ":" + name + ":", fmt.Sprintf("%x", r), name != ""
}

// adfEmoji reads an emoji: as its character where that says all, else as a placeholder.
func adfEmoji(n *adfNode) inline {
	name, id, text := attr(n.Attrs, "shortName"), attr(n.Attrs, "id"), attr(n.Attrs, "text")
	if short, standard, ok := emojiAttrs(text); ok && short == name && (id == "" || id == standard) {
		return inline{text: text}
	}
	label := text
	if label == "" {
		label = name
	}
	_, _, known := emojiAttrs(name)
	if label == name && (id == "") == (text == "") && isLabel(name) && !known {
		return inline{kind: objectInline, text: label, target: schemeEmoji + ":" + escapeID(id)}
	}
	return adfObject("emoji", n, label)
}

// isLabel says whether text comes back from a link's label as it is.
func isLabel(text string) bool { return text != "" && text == oneSpace(text) }
