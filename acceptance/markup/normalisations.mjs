// What Atlassian's converters cannot say. Each normalisation takes one such limit out of a
// comparison, in both documents alike; the test counts the documents that it changes. They run in
// this order, and only for documents that do not agree without them.

import { createRequire } from "node:module";
import { address, rewrite, tidy } from "./canonical.mjs";

const require = createRequire(import.meta.url);
const MarkdownIt = require("markdown-it");
const { MarkdownTransformer } = require("@atlaskit/editor-markdown-transformer");
const { defaultSchema } = require("@atlaskit/adf-schema/schema-default");

const isText = (node) => node.type === undefined && node.text !== undefined;
const marksOf = (node) => node.marks.split(" ").filter(Boolean);
const withMarks = (node, keep) => ({ ...node, marks: marksOf(node).filter(keep).join(" ") });
const linkOf = (node) => marksOf(node).find((mark) => mark.startsWith("link:"))?.slice(5);
const paragraph = (...content) => ({ type: "paragraph", attrs: {}, content });
const titled = (title) => (title ? [paragraph({ text: title, marks: "strong" })] : []);

/* ---- The Markdown transformer: rules of its tokenizer that are off ---- */

/** The rules, and why they are none of CommonMark's business that Atlassian could decide. */
export const tokenizerRules = {
  lines: "two spaces at the end of a line break it and any other line end is a space (CommonMark 6.7, 6.8); the transformer keeps both as they are",
  html: "HTML is text, and <br>, <u>, <sub>, <sup> are what they mean; the transformer reads Markdown within HTML",
  addresses: "bare web and mail addresses are links (GFM 6.9); the transformer's rule is off",
  images: "an image is where it stands in the text, by CommonMark's syntax; the transformer finds images with a regular expression and cuts the paragraph there, or fails",
  "nested emphasis": "emphasis within the same emphasis goes on to the outer end (CommonMark 6.2); the transformer's ends with the inner one",
  "info strings": "the language of code is the first word behind the fence, without its escapes (CommonMark 4.5); the transformer takes the whole line as it stands",
  tables: "a row may do without its outer bars and may be shorter or longer than the heading (GFM 4.10); the transformer's table parser swallows letters there",
  alerts: "a quote that begins with [!NOTE] and the like is a panel or expand; the transformer knows none",
};

/** Atlassian's transformer with those rules. touched gets the names of the rules that mattered. */
export function parseMarkdown(text, touched) {
  const md = MarkdownIt("zero", { html: true, linkify: true });
  md.enable(["entity", "escape", "newline", "html_block", "html_inline", "linkify", "image", "table"]);
  md.linkify.set({ fuzzyLink: false });
  const transformer = new MarkdownTransformer(defaultSchema, md);
  md.disable("media");
  md.core.ruler.push("normalise", (state) => {
    const tokens = state.tokens.flatMap((token, i, all) => cells(state, token, all[i - 1], touched) ?? block(state, token, touched));
    const media = (token) => token?.type.startsWith("media_single");
    state.tokens = tokens.filter((token, i) => !(token.type === "paragraph_open" && media(tokens[i + 1])) && !(token.type === "paragraph_close" && media(tokens[i - 1])));
  });
  md.core.ruler.before("inline", "alerts", (state) => alerts(state, touched));
  return transformer.parse(text);
}

const maker = (state) => (type, tag, nesting, content = "") => Object.assign(new state.Token(type, tag, nesting), { content });

// The tokens of markdown-it's tables, as the transformer's own table parser makes them.
function cells(state, token, before, touched) {
  if (/^(thead|tbody)_/.test(token.type)) {
    touched.add("tables");
    return [];
  }
  if (token.type !== "inline" || !/^t[hd]_open$/.test(before?.type)) return undefined;
  const make = maker(state);
  return [make("paragraph_open", "p", 1), ...block(state, token, touched), make("paragraph_close", "p", -1)];
}

function block(state, token, touched) {
  const make = maker(state);
  if (token.type === "fence") {
    const language = state.md.utils.unescapeAll(token.info.trim()).split(/\s+/)[0];
    if (language !== token.info.trim()) touched.add("info strings");
    token.info = language;
    return [token];
  }
  if (token.type === "html_block") {
    touched.add("html");
    const children = token.content.trim().split("\n").flatMap((line, i) => [...(i ? [make("hardbreak", "br", 0)] : []), make("text", "", 0, line.trim())]);
    return [make("paragraph_open", "p", 1), Object.assign(make("inline", "", 0), { children }), make("paragraph_close", "p", -1)];
  }
  if (token.type !== "inline") return [token];
  const children = inlines(state, token.children, touched, make);
  const media = children.filter((child) => child.type === "media");
  const only = (child) => (child.type === "media" ? onWeb(child) : child.type === "text" && child.content.trim() === "");
  if (media.length > 0 && children.every(only)) {
    return media.flatMap((m) => [make("media_single_open", "", 1), m, make("media_single_close", "", -1)]);
  }
  token.children = children.flatMap((child) => (child.type === "media" ? imageText(child, make) : [child]));
  return [token];
}

const onWeb = (media) => /^https?:\/\/./.test(media.attrGet("url"));

// ADF has images between paragraphs only, and only those with an address on the web.
function imageText(media, make) {
  const url = media.attrGet("url");
  const text = make("text", "", 0, media.attrGet("alt") || decodeURI(url));
  if (media.meta.linked || !onWeb(media)) return [text];
  const open = make("link_open", "a", 1);
  open.attrs = [["href", url]];
  return [open, text, make("link_close", "a", -1)];
}

const htmlMarks = { strong: ["strong", "strong"], em: ["em", "em"], del: ["s", "s"] };

function inlines(state, children, touched, make) {
  const depth = { em: 0, strong: 0, s: 0 };
  const html = new Set();
  let linked = 0;
  const out = [];
  for (const child of children) {
    linked += { link_open: 1, link_close: -1 }[child.type] ?? 0;
    const [, kind, side] = /^(em|strong|s)_(open|close)$/.exec(child.type) ?? [];
    if (kind) {
      const outer = side === "open" ? depth[kind]++ : --depth[kind];
      if (outer > 0) touched.add("nested emphasis");
      else out.push(child);
    } else if (child.type === "softbreak") {
      touched.add("lines");
      out.push(make("text", "", 0, " "));
    } else if (child.type === "hardbreak") {
      touched.add("lines");
      out.push(child);
    } else if (child.type === "html_inline") {
      touched.add("html");
      const tag = /^<\/?(u|sub|sup|strong|em|del)>$/i.exec(child.content)?.[1].toLowerCase();
      const closing = child.content.startsWith("</");
      if (/^<br ?\/?>$/i.test(child.content)) out.push(make("hardbreak", "br", 0));
      else if (tag && (!closing || html.has(tag))) {
        html[closing ? "delete" : "add"](tag);
        if (htmlMarks[tag]) out.push(make(`${htmlMarks[tag][0]}_${closing ? "close" : "open"}`, tag, closing ? -1 : 1));
      } else out.push(make("text", "", 0, child.content.replaceAll("\n", " ")));
    } else if (child.type === "image") {
      touched.add("images");
      const media = make("media", "", 0);
      media.attrs = [["url", child.attrGet("src")], ["type", "external"], ["alt", plain(child.children)]];
      media.meta = { linked: linked > 0 };
      out.push(media);
    } else {
      if (child.markup === "linkify") touched.add("addresses");
      if (child.type === "text") child.content = child.content.replaceAll("\n", " ");
      out.push(child);
    }
  }
  return out;
}

const plain = (children) => children.map((child) => (child.children ? plain(child.children) : child.type.endsWith("break") ? " " : child.content)).join("");

function alerts(state, touched) {
  const out = [];
  for (const [i, token] of state.tokens.entries()) {
    const head = /^\[!(\w+)\][ \t]*(.*)(?:\n|$)/.exec(token.content);
    if (token.type !== "inline" || state.tokens[i - 2]?.type !== "blockquote_open" || !head) {
      out.push(token);
      continue;
    }
    touched.add("alerts");
    if (head[2]) {
      const title = Object.assign(new state.Token("inline", "", 0), { content: `**${head[2]}**`, children: [] });
      out.push(title, new state.Token("paragraph_close", "p", -1), new state.Token("paragraph_open", "p", 1));
    }
    token.content = token.content.slice(head[0].length);
    out.push(token);
  }
  state.tokens = out;
}

/* ---- Both transformers: limits of their documents ---- */

// Schemes of addresses that ADF documents may hold, or none.
const safe = (href) => /^(https?|ftps?|mailto|tel|sip|xmpp|slack|git|ssh):.|^[^:]+$|^[/#?.]|^[^:/]*\//i.test(href) && !/^[a-z][a-z0-9+.-]*:/i.test(href.replace(/^(https?|ftps?|mailto|tel|sip|xmpp|slack|git|ssh):/i, ""));

const tasks = {
  name: "tasks",
  why: "a check box is [ ] at the begin of a bullet; neither transformer reads task lists",
  ours(doc) {
    const item = (node) => ({ type: "listItem", attrs: {}, content: [paragraph({ text: node.attrs.state === "DONE" ? "[x] " : "[ ] ", marks: "" }, ...node.content)] });
    return rewrite(doc, (node, parent) => {
      if (node.type !== "taskList") return node;
      const items = [];
      for (const child of node.content) {
        if (child.type === "taskItem") items.push(item(child));
        else items.at(-1).content.push(child);
      }
      // A task list within an item that holds nothing else is how a rich check box is spelled.
      if (parent.type === "listItem" && parent.content[0] === node && items.length === 1) return items[0].content;
      return { type: "bulletList", attrs: {}, content: items };
    });
  },
  both: joinLists,
};

// Two lists of a kind in a row are one: a list with and without check boxes is two in ADF.
function joinLists(doc) {
  return rewrite(doc, (node) => {
    if (node.content === undefined) return node;
    const content = [];
    for (const child of node.content) {
      const last = content.at(-1);
      if (child.type === "bulletList" && last?.type === "bulletList") content[content.length - 1] = { ...last, content: [...last.content, ...child.content] };
      else content.push(child);
    }
    return { ...node, content };
  });
}

const panels = {
  name: "panels",
  why: "an expand is a panel with its title, and a panel of another kind is one of the transformer's five; code, quotes, tables and rules in a panel stand outside of it",
  both(doc) {
    const kinds = { custom: "info", tip: "success" };
    return rewrite(doc, (node) => {
      if (["expand", "nestedExpand"].includes(node.type)) node = { type: "panel", attrs: { panelType: "info" }, content: [...titled(node.attrs.title), ...node.content] };
      if (node.type !== "panel") return node;
      const type = kinds[node.attrs.panelType] ?? node.attrs.panelType;
      const out = [];
      let inside = [];
      const flush = () => inside.length > 0 && out.push({ type: "panel", attrs: { panelType: type }, content: inside });
      for (const child of node.content) {
        if (["paragraph", "heading", "orderedList", "bulletList"].includes(child.type)) inside.push(child);
        else {
          flush();
          inside = [];
          out.push(child);
        }
      }
      flush();
      return out;
    });
  },
};

/** For Markdown → ADF. */
export const markdown = [
  {
    name: "emoji",
    why: "a character that is an emoji is ADF's node for it, as Atlassian's editor makes it; the transformer leaves the character",
    ours: (document) => rewrite(document, (node) => (node.type === "emoji" && node.attrs.text ? { text: node.attrs.text, marks: "" } : node)),
  },
  tasks,
  {
    name: "quoted alerts",
    why: "goes with alerts: a panel or expand is the quote that it is written as",
    ours: (doc) =>
      rewrite(doc, (node) => {
        if (node.type === "panel") return { type: "blockquote", attrs: {}, content: node.content };
        if (["expand", "nestedExpand"].includes(node.type)) return { type: "blockquote", attrs: {}, content: [...titled(node.attrs.title), ...node.content] };
        return node;
      }),
  },
  {
    name: "formats by HTML",
    why: "goes with html: the transformer has no underline, subscript and superscript",
    both: (doc) => rewrite(doc, (node) => (isText(node) ? withMarks(node, (mark) => !["underline", "sub", "sup"].includes(mark)) : node)),
  },
  {
    name: "things",
    why: "[@Ada](mention:…), (status:…) and (date:) are our spelling of ADF's nodes; to the transformer they are links",
    theirs: (doc) =>
      rewrite(doc, (node) => {
        const [, scheme, rest] = /^(mention|status|date|user|userkey|macro|page|attachment):(.*)/.exec((isText(node) && linkOf(node)) || "") ?? [];
        if (!scheme) return node;
        if (scheme === "mention") return { type: "mention", attrs: { id: decodeURIComponent(rest), text: node.text }, content: [] };
        if (scheme === "status") return { type: "status", attrs: { text: node.text, color: rest }, content: [] };
        if (scheme === "date") return { type: "date", attrs: { timestamp: String(Date.parse(node.text)) }, content: [] };
        return withMarks(node, (mark) => !mark.startsWith("link:"));
      }),
  },
  {
    name: "unsafe addresses",
    why: "a link to nowhere or with a scheme that a browser may run is its text; the transformer leaves that to the editor",
    theirs: (doc) => rewrite(doc, (node) => (isText(node) ? withMarks(node, (mark) => !mark.startsWith("link:") || safe(mark.slice(5))) : node)),
  },
  {
    name: "linked code",
    why: "code may be linked by ADF's schema; the transformer drops the link",
    both: (doc) => rewrite(doc, (node) => (isText(node) && node.marks.includes("code") ? { ...node, marks: "code" } : node)),
  },
];

/* ---- The wiki transformer ---- */

const languages = "abap actionscript ada arduino autoit c c++ clojure coffeescript csharp css cuda d dart delphi elixir erlang fortran foxpro go groovy haskell haxe html javascript json julia kotlin latex livescript lua mathematica matlab objective-c objective-j objectpascal ocaml octave perl php powershell prolog puppet python qml r racket restructuredtext ruby rust sass scala scheme shell smalltalk sql standardml swift tcl tex typescript vala vbnet verilog vhdl xml xquery".split(" ");
const icons = { ":info:": "ℹ️", ":check_mark:": "✅", ":cross_mark:": "❌", ":warning:": "⚠️", ":plus:": "➕", ":minus:": "➖", ":question:": "❓", ":light_bulb_on:": "💡", ":light_bulb_off:": "(off)", ":yellow_star:": "⭐", ":red_star:": "(*r)", ":green_star:": "(*g)", ":blue_star:": "(*b)", ":flag_on:": "🚩", ":flag_off:": "(flagoff)", "🙂": ":)", "😞": ":(", "😛": ":P", "😃": ":D", "😉": ";)" };
const smileys = { ":-)": ":)", ":-(": ":(", ":-P": ":P", ":p": ":P", ":-D": ":D", ";-)": ";)" };

const { unescapeAll } = new MarkdownIt().utils;
const resolve = (text) => text.replace(/&#?\w+;/g, unescapeAll);

/** For everything that goes through wiki markup. */
export const wiki = [
  tasks,
  panels,
  {
    name: "wiki items",
    why: "wiki markup has no paragraphs within an item or a cell, only line breaks, and no empty item",
    both: (doc) =>
      rewrite(doc, (node) => {
        if (!["listItem", "tableCell", "tableHeader"].includes(node.type)) return node.type?.endsWith("List") && node.content.length === 0 ? [] : node;
        const content = [];
        for (const child of node.content) {
          const last = content.at(-1);
          if (child.type === "paragraph" && last?.type === "paragraph") content[content.length - 1] = { ...last, content: [...last.content, { type: "hardBreak", attrs: {}, content: [] }, ...child.content] };
          else content.push(child);
        }
        return node.type === "listItem" && content.length === 0 ? [] : { ...node, content };
      }),
  },
  {
    name: "list numbers",
    why: "a list of wiki markup begins with 1",
    both: (doc) => rewrite(doc, (node) => (node.type === "orderedList" ? { ...node, attrs: {} } : node)),
  },
  {
    name: "languages",
    why: "code without a language, or with one that it does not list, is Java to the transformer",
    both: (doc) => rewrite(doc, (node) => (node.type === "codeBlock" ? { ...node, attrs: languages.includes(node.attrs.language) ? node.attrs : {} } : node)),
  },
  {
    name: "edges of code",
    why: "the transformer takes the white space off both ends of code, and wiki markup knows no code that begins or ends with a space",
    both: (doc) =>
      rewrite(doc, (node, parent) => (isText(node) && (parent.type === "codeBlock" || node.marks.includes("code")) ? { ...node, text: node.text.trim() } : node)),
  },
  {
    name: "code titles",
    why: "the title of a code macro is a paragraph before the code; Markdown has it behind the fence and ADF nowhere",
    theirs(doc, { wiki }) {
      const titles = [...wiki.matchAll(/\{(?:code|noformat)[:|][^}]*title=([^|}]+)/g)].map(([, title]) => title);
      return rewrite(doc, (node) => {
        if (node.content === undefined) return node;
        const content = node.content.filter((child, i) => !(node.content[i + 1]?.type === "codeBlock" && child.type === "paragraph" && titles.includes(child.content[0]?.text) && child.content.length === 1));
        return { ...node, content };
      });
    },
  },
  {
    name: "references",
    why: "Jira resolves character references, such as &#92; for a backslash that would escape; the transformer does not",
    theirs: (doc) => rewrite(doc, (node, parent) => (isText(node) && parent.type !== "codeBlock" ? { ...node, text: resolve(node.text) } : node)),
  },
  {
    name: "header cells",
    why: "the transformer makes all text of a header cell bold",
    both: (doc) => {
      const light = (node) => (isText(node) ? withMarks(node, (mark) => mark !== "strong") : { ...node, content: node.content?.map(light) });
      return rewrite(doc, (node) => (node.type === "tableHeader" ? light(node) : node));
    },
  },
  {
    name: "mentions",
    why: "[~accountid:x] is x's account and has no name; [~x] is user x of Data Center, who has no account id",
    both: (doc) =>
      rewrite(doc, (node) => {
        if (node.type !== "mention") return node;
        const id = node.attrs.id.replace(/^accountid:/i, "");
        return id !== node.attrs.id || node.attrs.text ? { type: "mention", attrs: { id }, content: [] } : { text: `@${id}`, marks: "" };
      }),
  },
  {
    name: "statuses and dates",
    why: "wiki markup has neither: they are their text",
    both: (doc) =>
      rewrite(doc, (node) => {
        if (node.type === "status") return { text: node.attrs.text, marks: "" };
        if (node.type === "date") return { text: new Date(Number(node.attrs.timestamp)).toISOString().slice(0, 10), marks: "" };
        return node;
      }),
  },
  {
    name: "cards",
    why: "a smart link is a link; Markdown has no cards",
    theirs: (doc) => rewrite(doc, (node) => (node.type?.endsWith("Card") ? { text: node.attrs.url, marks: `link:${address(node.attrs.url)}` } : node)),
  },
  {
    name: "icons",
    why: "an icon is the character that shows it, and a smiley its text",
    both: (doc) =>
      rewrite(doc, (node) => {
        if (node.type === "emoji") return { text: icons[node.attrs.text] ?? node.attrs.text, marks: "" };
        return isText(node) && !node.marks.includes("code") ? { ...node, text: node.text.replace(/[:;]-[)(PD]|:p/g, (smiley) => smileys[smiley] ?? smiley) } : node;
      }),
  },
  {
    name: "colours",
    why: "Markdown has no colours",
    theirs: (doc) => rewrite(doc, (node) => (isText(node) ? withMarks(node, (mark) => !mark.startsWith("color:")) : node)),
  },
  {
    name: "linked code",
    why: "code may be linked by ADF's schema; the transformer drops the link",
    both: (doc) => rewrite(doc, (node) => (isText(node) && node.marks.includes("code") ? { ...node, marks: "code" } : node)),
  },
  {
    name: "relative links",
    why: "a link without a scheme is a link; the transformer shows it as [text|address]",
    theirs: (doc) =>
      rewrite(doc, (node) => {
        if (!isText(node) || node.marks.includes("code")) return node;
        return node.text.split(/(\[[^\]|]*\|[^\]]*\])/).map((part) => {
          const [, text, href] = /^\[([^\]|]*)\|([^\]]*)\]$/.exec(part) ?? [];
          return text === undefined ? { ...node, text: part } : { text, marks: [...marksOf(node), `link:${address(href)}`].sort().join(" ") };
        });
      }),
  },
  {
    name: "attached files",
    why: "an attachment is its name or description: the id that a media node must have is known to the server only. The transformer cuts the paragraph there",
    theirs(doc, shared) {
      shared.labels = [];
      return rewrite(doc, (node) => {
        if (node.type !== "mediaSingle" || node.content.some((media) => media.attrs.url)) return node;
        return node.content.map((media) => {
          const label = media.attrs.alt ?? media.attrs.id;
          shared.labels.push(label);
          return paragraph({ text: label, marks: "" });
        });
      });
    },
    ours(doc, { labels }) {
      if (!labels?.length) return doc;
      return rewrite(doc, (node) => (node.type === "paragraph" ? cutAt(node, labels) : node));
    },
  },
];

// Cuts a paragraph before and behind the texts that are labels.
function cutAt(node, labels) {
  const parts = [[]];
  for (const child of node.content) {
    if (!isText(child)) {
      parts.at(-1).push(child);
      continue;
    }
    let rest = child.text;
    for (;;) {
      const [at, label] = labels.map((label) => [rest.indexOf(label), label]).filter(([at]) => at >= 0).sort(([a], [b]) => a - b)[0] ?? [-1];
      if (at < 0) break;
      parts.at(-1).push({ ...child, text: rest.slice(0, at) });
      parts.push([{ text: label, marks: "" }], []);
      rest = rest.slice(at + label.length);
    }
    parts.at(-1).push({ ...child, text: rest });
  }
  const blank = (child) => child?.type === "hardBreak" || (isText(child ?? {}) && child.text.trim() === "");
  return parts
    .map((content) => {
      while (content.length && blank(content[0])) content.shift();
      while (content.length && blank(content.at(-1))) content.pop();
      return tidy(paragraph(...content));
    })
    .filter((part) => part.content.length > 0);
}

/** Applies normalisations to both documents, and names those that changed one. */
export function normalise(list, ours, theirs, shared, touched) {
  for (const { name, both, ours: toOurs, theirs: toTheirs } of list) {
    const before = JSON.stringify([ours, theirs]);
    if (toTheirs) theirs = toTheirs(theirs, shared);
    if (toOurs) ours = toOurs(ours, shared);
    if (both) [ours, theirs] = [both(ours, shared), both(theirs, shared)];
    if (JSON.stringify([ours, theirs]) !== before) touched.add(name);
  }
  return [ours, theirs];
}
