// What ADF and storage format have in common when they are drawn.

export const escape = (text) => String(text ?? "").replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const svg = (size, body, box = 16) => `<svg width="${size}" height="${size}" viewBox="0 0 ${box} ${box}" aria-hidden="true">${body}</svg>`;

const disc = (colour, mark) => `<circle cx="8" cy="8" r="7" fill="${colour}"/>${mark}`;
const white = (d) => `<path d="${d}" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>`;

const panelIcons = {
  info: disc("#1d7afc", white("M8 7.5V11.5M8 4.6V4.7")),
  note: `<rect x="2" y="1" width="12" height="14" rx="2" fill="#8270db"/>${white("M5 5H11M5 8H11M5 11H8.5")}`,
  tip: disc("#6a9a23", white("M5 8.2L7.2 10.4L11 6")),
  success: disc("#22a06b", white("M5 8.2L7.2 10.4L11 6")),
  warning: `<path d="M8 1.2L15.3 14.5H.7Z" fill="#e56910" stroke="#e56910" stroke-width="1" stroke-linejoin="round"/>${white("M8 6V9.5M8 12.1V12.2")}`,
  error: disc("#c9372c", white("M8 4.2V8.8M8 11.5V11.6")),
};

export function panel(type, body, { title = "", colour = "", emoji = "" } = {}) {
  const icon = emoji || (panelIcons[type] ? svg(20, panelIcons[type]) : "");
  const style = colour ? ` style="background:${escape(colour)}"` : "";
  return `<div class="panel ${escape(type)}"${style}>${icon && `<span class="icon">${icon}</span>`}<div>${title && `<p class="title">${escape(title)}</p>`}${body}</div></div>`;
}

export const expand = (title, body) =>
  `<div class="expand"><p class="title">${svg(16, '<path d="M4 6L8 10L12 6" fill="none" stroke="#44546f" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>')}${escape(title)}</p><div>${body}</div></div>`;

export const status = (colour, text) => `<span class="status ${escape(colour)}">${escape(text)}</span>`;
export const mention = (name) => `<span class="mention">${escape(name)}</span>`;
export const date = (day) =>
  `<span class="date">${new Date(day).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" })}</span>`;

const pageIcon = '<rect x="2" y="1" width="12" height="14" rx="2" fill="#1868db"/><path d="M5 5H11M5 8H11M5 11H8.5" stroke="#fff" stroke-width="1.5"/>';
const issueIcon = `<rect x="1" y="1" width="14" height="14" rx="2.5" fill="#1868db"/>${white("M4.6 8.2L7 10.6L11.4 5.6")}`;
const globe = '<circle cx="8" cy="8" r="6.2" fill="none" stroke="#44546f" stroke-width="1.4"/><path d="M1.8 8H14.2M8 1.8C4.6 5.5 4.6 10.5 8 14.2C11.4 10.5 11.4 5.5 8 1.8" fill="none" stroke="#44546f" stroke-width="1.4"/>';
const clip = '<path d="M10.8 5L6 9.8A1.5 1.5 0 0 0 8.2 12L13 7.1A3 3 0 0 0 8.7 2.9L3.8 7.8A4.5 4.5 0 0 0 10.2 14.1L13.2 11.1" fill="none" stroke="#44546f" stroke-width="1.3" stroke-linecap="round"/>';
const mountains = '<rect x="1" y="2.5" width="14" height="11" rx="1.5" fill="none" stroke="#8590a2"/><circle cx="5" cy="6" r="1.2" fill="#8590a2"/><path d="M2 12.5L6.5 8.5L9 10.5L11.5 7.5L14 10.5V12.5Z" fill="#8590a2"/>';
const file = '<path d="M3 1.5H9.5L13 5V14.5H3Z" fill="none" stroke="#44546f" stroke-linejoin="round"/><path d="M9.5 1.5V5H13" fill="none" stroke="#44546f" stroke-linejoin="round"/>';
const block = '<rect x="1.5" y="1.5" width="5.5" height="5.5" rx="1" fill="#8590a2"/><rect x="9" y="1.5" width="5.5" height="5.5" rx="1" fill="#8590a2"/><rect x="1.5" y="9" width="5.5" height="5.5" rx="1" fill="#8590a2"/><rect x="9" y="9" width="5.5" height="5.5" rx="1" fill="none" stroke="#8590a2"/>';

/** What a smart link shows of an address, and its icon. */
function named(address) {
  const { hostname, pathname } = new URL(address);
  const last = decodeURIComponent(pathname.split("/").at(-1));
  if (pathname.includes("/browse/")) return { icon: issueIcon, title: `${last}: Login fails after the upgrade`, where: hostname };
  if (pathname.includes("/wiki/")) return { icon: pageIcon, title: "Roadmap", where: "Documentation" };
  return { icon: globe, title: hostname, where: hostname };
}

export function chip(address) {
  const { icon, title } = named(address);
  const state = icon === issueIcon ? status("blue", "In Progress") : "";
  return `<span class="chip">${svg(14, icon)}<a>${escape(title)}</a>${state}</span>`;
}

export function card(address) {
  const { icon, title, where } = named(address);
  return `<div class="card">${svg(20, icon)}<div><a>${escape(title)}</a><small>${escape(where)}</small></div></div>`;
}

export function embed(address) {
  const { icon, title } = named(address);
  return `<div class="embed"><p>${svg(14, icon)}${escape(title)}</p><div>${svg(40, mountains)}</div></div>`;
}

export const image = (label, { caption = "", share = 60 } = {}) =>
  `<figure style="width:${share}%"><div>${svg(44, mountains)}<span>${escape(label)}</span></div>${caption && `<figcaption>${escape(caption)}</figcaption>`}</figure>`;

export const fileCard = (name) => `<div class="file">${svg(22, file)}<span>${escape(name)}</span></div>`;
export const fileChip = (name) => `<span class="chip">${svg(14, file)}<a>${escape(name)}</a></span>`;
export const attached = (name) => `<span class="chip">${svg(14, clip)}<a>${escape(name)}</a></span>`;

/** An app's block or a macro, whose content only the app knows. */
export const app = (name, detail = "", body = "") =>
  `<div class="app"><p>${svg(14, block)}<b>${escape(name)}</b> ${escape(detail)}</p>${body && `<div>${body}</div>`}</div>`;
export const inlineApp = (name) => `<span class="chip app-inline">${svg(12, block)}${escape(name)}</span>`;

export function code(language, text) {
  const lines = text.split("\n");
  return `<div class="code"><div class="numbers">${lines.map((_, i) => i + 1).join("\n")}</div><pre>${escape(text)}</pre></div>`;
}

export const box = (done) => (done ? svg(16, `<rect x="1" y="1" width="14" height="14" rx="3" fill="#1868db"/>${white("M4.4 8.2L7 10.6L11.6 5.4")}`) : svg(16, '<rect x="1.5" y="1.5" width="13" height="13" rx="3" fill="#fff" stroke="#8590a2"/>'));

export const decision = (body) =>
  `<div class="decision">${svg(18, '<path d="M3 2.5V5.5L8 9.5V14M8 9.5L13 5.5V2.5M11 4.5L13 2.3L15 4.5" fill="none" stroke="#22a06b" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>')}<div>${body}</div></div>`;

// Emoji are drawn, for the machine that draws may have no font with them.
const emoji = {
  "✅": `<rect x="1" y="1" width="14" height="14" rx="2.5" fill="#22a06b"/>${white("M4.4 8.2L7 10.8L11.6 5.2")}`,
  "⭐": '<path d="M8 1L10.1 5.5L15 6.1L11.4 9.5L12.3 14.4L8 12L3.7 14.4L4.6 9.5L1 6.1L5.9 5.5Z" fill="#f5cd47" stroke="#e2b203" stroke-width=".8" stroke-linejoin="round"/>',
  "🙂": '<circle cx="8" cy="8" r="7" fill="#f8d34b"/><circle cx="5.6" cy="6.3" r="1" fill="#5b4300"/><circle cx="10.4" cy="6.3" r="1" fill="#5b4300"/><path d="M4.6 9.6C6 12 10 12 11.4 9.6" fill="none" stroke="#5b4300" stroke-width="1.2" stroke-linecap="round"/>',
  ":parrot:": '<path d="M4 15C2 9 3 2 8.5 1.5C12 1.3 13 4 12.5 6.5C12 11 9 12 8.5 15Z" fill="#22a06b"/><path d="M12.6 4.2C14.8 4.4 15.2 6.4 14 8C13.4 7 12.8 6.8 12.2 6.8Z" fill="#e56910"/><circle cx="10" cy="4.8" r="1" fill="#fff"/><circle cx="10.2" cy="4.8" r=".5" fill="#172b4d"/><path d="M4.5 9C6 8 8.5 9 9 12C7.5 13.5 5.5 13 4.6 11.5Z" fill="#f5cd47"/>',
};
emoji[":star:"] = emoji["⭐"];

export const emojiOf = (text, size = 20) => (emoji[text] ? `<span class="emoji">${svg(size, emoji[text])}</span>` : escape(text));

/** Text, with the emoji in it drawn. */
export const text = (s) => s.split(/(✅|⭐|🙂)/u).map((part) => (emoji[part] ? emojiOf(part) : escape(part))).join("");
