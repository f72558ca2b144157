// ADF as HTML that looks as Jira shows it.

import * as parts from "./parts.mjs";

export const html = (doc) => blocks(doc.content);

const blocks = (nodes = []) => nodes.map(block).join("");
const cell = (tag) => ({ attrs = {}, content }) => `<${tag} colspan="${attrs.colspan ?? 1}" rowspan="${attrs.rowspan ?? 1}">${blocks(content)}</${tag}>`;

const nodes = {
  text: ({ text, marks = [] }) => marks.reduceRight((inner, mark) => formats[mark.type](inner, mark.attrs), parts.text(text)),
  hardBreak: () => "<br>",
  mention: ({ attrs }) => parts.mention(attrs.text),
  status: ({ attrs }) => parts.status(attrs.color, attrs.text),
  date: ({ attrs }) => parts.date(Number(attrs.timestamp)),
  emoji: ({ attrs }) => parts.emojiOf(attrs.text),
  placeholder: ({ attrs }) => `<span class="prompt">${parts.escape(attrs.text)}</span>`,
  inlineCard: ({ attrs }) => parts.chip(attrs.url),
  inlineExtension: ({ attrs }) => parts.inlineApp(attrs.extensionKey),
  mediaInline: ({ attrs }) => parts.fileChip(attrs.alt),

  paragraph: ({ content, marks = [] }) => `<p style="text-align:${marks.find(({ type }) => type === "alignment")?.attrs.align ?? "start"}">${blocks(content)}</p>`,
  heading: ({ attrs, content }) => `<h${attrs.level}>${blocks(content)}</h${attrs.level}>`,
  bulletList: ({ content }) => `<ul>${blocks(content)}</ul>`,
  orderedList: ({ attrs, content }) => `<ol start="${attrs.order}">${blocks(content)}</ol>`,
  listItem: ({ content }) => `<li>${blocks(content)}</li>`,
  taskList: ({ content }) => `<div class="tasks">${blocks(content)}</div>`,
  taskItem: ({ attrs, content }) => `<div class="task">${parts.box(attrs.state === "DONE")}<div>${blocks(content)}</div></div>`,
  decisionList: ({ content }) => blocks(content),
  decisionItem: ({ content }) => parts.decision(blocks(content)),
  codeBlock: ({ attrs, content = [] }) => parts.code(attrs?.language, content.map(({ text }) => text).join("")),
  blockquote: ({ content }) => `<blockquote>${blocks(content)}</blockquote>`,
  rule: () => "<hr>",
  table: ({ content }) => `<table>${blocks(content)}</table>`,
  tableRow: ({ content }) => `<tr>${blocks(content)}</tr>`,
  tableHeader: cell("th"),
  tableCell: cell("td"),
  panel: ({ attrs, content }) => parts.panel(attrs.panelType, blocks(content), { colour: attrs.panelColor, emoji: attrs.panelIcon && parts.emojiOf(attrs.panelIcon) }),
  expand: ({ attrs, content }) => parts.expand(attrs.title, blocks(content)),
  layoutSection: ({ content }) => `<div class="columns">${blocks(content)}</div>`,
  layoutColumn: ({ attrs, content }) => `<div style="flex:${attrs.width}">${blocks(content)}</div>`,
  mediaSingle: ({ attrs, content: [media, caption] }) =>
    parts.image(media.attrs.alt, { caption: caption?.content.map(({ text }) => text).join(""), share: attrs.width }),
  mediaGroup: ({ content }) => `<div class="files">${content.map(({ attrs }) => parts.fileCard(attrs.alt)).join("")}</div>`,
  blockCard: ({ attrs }) => parts.card(attrs.url),
  embedCard: ({ attrs }) => parts.embed(attrs.url),
  extension: ({ attrs }) => parts.app(attrs.extensionKey, attrs.extensionType),
  bodiedExtension: ({ attrs, content }) => parts.app(attrs.extensionKey, "", blocks(content)),
};

const formats = {
  strong: (inner) => `<strong>${inner}</strong>`,
  em: (inner) => `<em>${inner}</em>`,
  strike: (inner) => `<s>${inner}</s>`,
  underline: (inner) => `<u>${inner}</u>`,
  code: (inner) => `<code>${inner}</code>`,
  subsup: (inner, { type }) => `<${type}>${inner}</${type}>`,
  link: (inner) => `<a>${inner}</a>`,
};

function block(node) {
  const draw = nodes[node.type];
  if (!draw) throw new Error(`a picture of ${node.type} is not drawn yet`);
  return draw(node);
}
