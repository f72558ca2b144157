// Draws the pictures of docs/markdown.md: what the converter makes of each example, roughly as Jira
// and Confluence show it. Run it after the document has changed and
// go test ./atlassian/markup -run TestMarkdownDocument -update has named the pictures that it wants.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "../lib/browser.mjs";
import { html as htmlOfADF } from "./pictures/adf.mjs";
import { encode, pixels } from "./pictures/png.mjs";
import { html as htmlOfStorage, parse } from "./pictures/storage.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = path.join(root, "docs/pictures");
const site = "https://contoso.atlassian.net"; // as in atlassian/markup/document_test.go
const width = 640;

const css = readFileSync(new URL("pictures/look.css", import.meta.url), "utf8");
const examples = read(readFileSync(path.join(root, "docs/markdown.md"), "utf8"));
mkdirSync(folder, { recursive: true });
const unused = new Set(readdirSync(folder));
for (const { file } of examples) unused.delete(file);
for (const file of unused) rmSync(path.join(folder, file));

const all = process.argv.includes("--all"); // also those that are there: their look has changed
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: width + 40, height: 600 }, deviceScaleFactor: 2, colorScheme: "light" });
  const page = await context.newPage();
  for (const example of examples) {
    if (!all && existsSync(path.join(folder, example.file))) continue;
    const body = example.from === "adf" ? htmlOfADF(example.adf) : htmlOfStorage(await page.evaluate(parse, example.storage));
    await page.setContent(`<!doctype html><meta charset="utf-8"><style>${css}</style><main style="width:${width}px">${body}</main>`);
    const screenshot = await page.locator("main").screenshot();
    const png = encode(await page.evaluate(pixels, screenshot.toString("base64")));
    writeFileSync(path.join(folder, example.file), png);
    console.log(`${example.file}: ${png.length} bytes`);
  }
} finally {
  await browser.close();
}

/** The examples of the document with what they become. A picture's name has the hash of both. */
function read(document) {
  const pattern = /<!-- example: ([a-z-]+), (adf|storage): .+ -->\n(?:````markdown\n([^]*?)\n````\n|```markdown\n([^]*?)\n```\n)\n<img src="pictures\/([^"]+)"/g;
  const found = [...document.matchAll(pattern)].map(([, name, from, long, short, file]) => ({ name, from, file, markdown: long ?? short }));
  const input = found.map(({ markdown }) => JSON.stringify({ markdown, site })).join("\n");
  const output = execFileSync("go", ["run", "./acceptance/markup/convert"], { cwd: root, encoding: "utf8", input });
  const lines = output.trim().split("\n");
  return found.map((example, i) => {
    const { storage } = JSON.parse(lines[i]);
    const adf = /"adf":(.*),"storage":/.exec(lines[i])[1];
    const drawn = example.from === "adf" ? unescaped(adf) : storage;
    const hash = createHash("sha256").update(`${example.markdown}\n${drawn}`).digest("hex").slice(0, 8);
    assert.equal(example.file, `${example.name}-${hash}.png`, "the document is not of this converter: run go test ./atlassian/markup -run TestMarkdownDocument -update first");
    return { ...example, adf: JSON.parse(adf), storage };
  });
}

// Go's encoder spells these in a way of its own when it writes JSON that is there already.
function unescaped(json) {
  return json.replace(/\\u003c/g, "<").replace(/\\u003e/g, ">").replace(/\\u0026/g, "&");
}
