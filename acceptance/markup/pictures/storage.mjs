// Storage format as HTML that looks as Confluence shows it.

import * as parts from "./parts.mjs";

/** In a page: the tree of a document, { name, attrs, children } or text. */
export function parse(storage) {
  const source = `<root xmlns:ac="ac" xmlns:ri="ri">${storage.replace(/&nbsp;/g, "\u00a0")}</root>`;
  const { documentElement } = new DOMParser().parseFromString(source, "application/xml");
  if (documentElement.querySelector("parsererror")) throw new Error(documentElement.textContent);
  const tree = (node) =>
    node.nodeType === Node.ELEMENT_NODE
      ? { name: node.nodeName, attrs: Object.fromEntries([...node.attributes].map((a) => [a.name, a.value])), children: [...node.childNodes].map(tree) }
      : node.nodeValue;
  return tree(documentElement);
}

export const html = (root) => draw(root.children);

const draw = (children) => children.map((child) => (typeof child === "string" ? parts.text(child) : element(child))).join("");
const child = (node, name) => node.children.find((c) => c.name === name);
const plain = (node) => (typeof node === "string" ? node : node.children.map(plain).join(""));

function element(node) {
  const resource = node.children.find(({ name }) => name?.startsWith("ri:"));
  switch (node.name) {
    case "ac:link":
      if (resource?.attrs["ri:username"]) return "<a>Ada Keller</a>";
      if (resource?.name === "ri:user") return parts.mention("@Ada Keller");
      if (resource?.name === "ri:attachment") return parts.attached(plain(child(node, "ac:link-body")));
      return `<a>${draw(child(node, "ac:link-body").children)}</a>`;
    case "ac:image":
      return parts.image(resource.attrs["ri:filename"] ?? node.attrs["ac:alt"]);
    case "ac:structured-macro":
      return macro(node);
    default:
      if (node.name.includes(":")) throw new Error(`a picture of ${node.name} is not drawn yet`);
      return `<${node.name}>${draw(node.children)}</${node.name}>`;
  }
}

function macro(node) {
  const parameters = node.children.filter(({ name }) => name === "ac:parameter").map((p) => `${p.attrs["ac:name"]}: ${plain(p)}`);
  const rich = child(node, "ac:rich-text-body");
  const text = child(node, "ac:plain-text-body");
  const body = rich ? draw(rich.children) : text ? parts.code("", plain(text)) : "";
  return parts.app(node.attrs["ac:name"], parameters.join(", "), body);
}
