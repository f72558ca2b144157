// ADF in a form in which two documents that mean the same are equal.

/**
 * Attributes that mean something. The others are identifiers that each program makes for itself
 * (localId), what the schema has when nothing is said (layout, isNumberColumnEnabled) and sizes in
 * pixels that nobody gave (a media node of 200 by 183).
 */
const attributes = ["level", "order", "language", "url", "alt", "id", "panelType", "state", "title", "text", "timestamp", "color", "colspan", "rowspan"];
const defaults = { order: 1, colspan: 1, rowspan: 1 };

/**
 * The canonical form of a node: { type, attrs, content }, and of text { text, marks }. Beyond the
 * attributes: marks have no order; neighbours of equal format are one text; white space at the edge
 * of a format has none; paragraphs, headings and quotes without content are nothing; addresses are
 * compared without their percent-encoding.
 */
export function canonical(node) {
  if (node.type === "text") return { text: node.text, marks: (node.marks ?? []).map(mark).filter((m) => m !== "").sort().join(" ") };
  const attrs = {};
  for (const name of node.type === "hardBreak" ? [] : attributes) {
    const value = node.attrs?.[name];
    if (value !== undefined && value !== null && value !== "" && value !== defaults[name]) attrs[name] = name === "url" ? address(value) : value;
  }
  const type = node.type === "mediaGroup" ? "mediaSingle" : node.type;
  return tidy({ type, attrs, content: (node.content ?? []).map(canonical), ...(type === "media" && node.marks?.length && { marks: node.marks.map(mark).join(" ") }) });
}

function mark({ type, attrs }) {
  if (type === "link") return `link:${address(attrs.href)}`;
  if (type === "subsup") return attrs.type;
  return type === "textColor" ? `color:${attrs.color}` : type;
}

export function address(href) {
  try {
    return decodeURI(href).replace(/^(https?:\/\/[^/]+)\/$/, "$1");
  } catch {
    return href;
  }
}

const inline = (node) => node.text !== undefined && node.type === undefined;
const nothing = (node) => ["paragraph", "heading", "blockquote"].includes(node.type) && node.content.length === 0;

/** Restores the canonical form of a node whose content has changed. */
export function tidy(node) {
  if (node.content === undefined) return node;
  let content = node.content.filter((child) => !nothing(child));
  if (node.type === "codeBlock") {
    return { ...node, content: content.map(({ text }) => ({ text, marks: "" })).filter(({ text }) => text.trim() !== "") };
  }
  // White space at edges of runs stands on its own, without a format.
  content = content.flatMap((child) => {
    if (!inline(child) || child.marks.includes("code")) return [child];
    const [, lead, core, tail] = /^(\s*)(.*?)(\s*)$/s.exec(child.text);
    return [
      { text: lead && " ", marks: "" },
      { text: core, marks: child.marks },
      { text: tail && " ", marks: "" },
    ].filter(({ text }) => text !== "");
  });
  const joined = [];
  for (const child of content) {
    const last = joined.at(-1);
    if (last !== undefined && inline(last) && inline(child) && last.marks === child.marks) {
      joined[joined.length - 1] = { text: last.text + child.text, marks: child.marks };
    } else joined.push(child);
  }
  // No white space at the edges of a line.
  const edge = (child) => child === undefined || child.type !== undefined && !["emoji", "mention", "status", "date", "inlineCard"].includes(child.type);
  const trimmed = joined
    .map((child, i) => {
      if (!inline(child) || child.marks.includes("code")) return child;
      let { text } = child;
      if (edge(joined[i - 1])) text = text.trimStart();
      if (edge(joined[i + 1])) text = text.trimEnd();
      return { ...child, text };
    })
    .filter((child) => !inline(child) || child.text !== "");
  return { ...node, content: trimmed };
}

/** Rewrites a canonical tree from the leaves up: change gives the nodes to put in a node's place. */
export function rewrite(node, change) {
  return below({ type: "root", attrs: {}, content: [node] }, change).content[0];
}

function below(node, change) {
  if (node.content === undefined) return node;
  const content = node.content.flatMap((child) => [change(below(child, change), node)].flat());
  return tidy({ ...node, content });
}

/** All that a canonical tree says: its text, and what its attributes and links hold. */
export function words(node) {
  const own = [node.text, node.marks, ...Object.values(node.attrs ?? {})].filter(Boolean).join(" ");
  return [own, ...(node.content ?? []).map(words)].join(node.type === undefined || inlineContent.includes(node.type) ? "" : " ");
}

const inlineContent = ["paragraph", "heading", "taskItem"];
