// What a person sees of an HTML page and what a browser would send from it, on top of parse5, which
// parses as browsers do (HTML Standard, section 13.2).

import { parse } from "parse5";

const invisible = new Set(["script", "style", "template", "head"]);

function* elements(node) {
  for (const child of node.childNodes ?? []) {
    if (child.tagName) {
      yield child;
      yield* elements(child);
    }
  }
}

const attribute = (element, name) => element.attrs.find((a) => a.name === name)?.value;

function textOf(node) {
  if (node.nodeName === "#text") return node.value;
  if (invisible.has(node.tagName) || (node.attrs && attribute(node, "aria-hidden") === "true")) return "";
  return (node.childNodes ?? []).map(textOf).join(" ");
}

const collapse = (text) => text.replace(/\s+/g, " ").trim();

function readForm(form, base) {
  const fields = [];
  const buttons = [];
  for (const e of elements(form)) {
    const name = attribute(e, "name");
    const type = attribute(e, "type") ?? (e.tagName === "button" ? "submit" : "text");
    if (e.tagName === "button" || (e.tagName === "input" && type === "submit")) {
      if (type === "submit") buttons.push({ name, value: attribute(e, "value") ?? "", text: collapse(textOf(e)) });
    } else if (e.tagName === "input") {
      const chosen = !["checkbox", "radio"].includes(type) || attribute(e, "checked") !== undefined;
      if (name && chosen) fields.push([name, attribute(e, "value") ?? ""]);
    }
  }
  return {
    method: (attribute(form, "method") ?? "get").toUpperCase(),
    action: new URL(attribute(form, "action") || base, base),
    fields,
    buttons,
  };
}

/** A page as a person without a screen would find it: its text and its forms. */
export function readPage(html, url) {
  const document = parse(html);
  const all = [...elements(document)];
  return {
    url: new URL(url),
    text: collapse(textOf(document)),
    forms: all.filter((e) => e.tagName === "form").map((e) => readForm(e, url)),
  };
}
