// The documents that are converted: CommonMark's and GitHub's examples, from the module of the
// Markdown parser, and our own tickets and pages.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const own = join(root, "atlassian/markup/testdata/corpus");

/** Documents of CommonMark's specification and of GitHub's extensions: { id, corpus, text }. */
export function specification() {
  const args = ["list", "-m", "-f", "{{.Dir}}", "github.com/yuin/goldmark"];
  const goldmark = execFileSync("go", args, { cwd: root, encoding: "utf8" }).trim();
  const examples = JSON.parse(readFileSync(join(goldmark, "_test/spec.json"), "utf8"));
  const documents = examples.map(({ example, markdown }) => ({ id: `commonmark ${example}`, corpus: "CommonMark", text: markdown }));
  for (const extension of ["table", "strikethrough", "tasklist", "linkify"]) {
    const text = readFileSync(join(goldmark, "extension/_test", `${extension}.txt`), "utf8");
    documents.push(...extensionExamples(text).map(([number, text]) => ({ id: `${extension} ${number}`, corpus: "GFM", text })));
  }
  return documents;
}

// An example is a number, a fence, the Markdown, a fence, the HTML and a line of =.
function extensionExamples(text) {
  const fence = "//- - - - - - - - -//\n";
  return text
    .split(/^\/\/= .*=\/\/$/m)
    .map((example) => example.split(fence))
    .filter((parts) => parts.length === 3)
    .map(([head, markdown]) => [parseInt(head, 10), markdown]);
}

/** Our own documents that end in .md or .wiki. A line "%%% name" begins one. */
export function tickets(extension) {
  const documents = [];
  for (const file of readdirSync(own).filter((file) => extname(file) === extension).sort()) {
    const parts = readFileSync(join(own, file), "utf8").split(/^%%% (.+)\n/m).slice(1);
    for (let i = 0; i < parts.length; i += 2) {
      documents.push({ id: `${basename(file, extension)}/${parts[i]}`, corpus: "own", text: parts[i + 1].trimEnd() + "\n" });
    }
  }
  return documents;
}

/** Our conversions of documents: [{ markdown, wiki, adf }], read as the given notation. */
export function convert(notation, texts) {
  const input = texts.map((text) => JSON.stringify({ [notation]: text })).join("\n");
  const output = execFileSync("go", ["run", "./acceptance/markup/convert"], { cwd: root, encoding: "utf8", input, maxBuffer: 1 << 30 });
  return output.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}
