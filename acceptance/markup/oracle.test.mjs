// Our conversions against Atlassian's own, document by document.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { canonical, words } from "./canonical.mjs";
import { convert, specification, tickets } from "./corpus.mjs";
import * as normalisations from "./normalisations.mjs";

// Their ES modules do not load in Node.
const require = createRequire(import.meta.url);
const { defaultSchema } = require("@atlaskit/adf-schema/schema-default");
const { MarkdownTransformer } = require("@atlaskit/editor-markdown-transformer");
const { WikiMarkupTransformer } = require("@atlaskit/editor-wikimarkup-transformer");

// Which documents of a direction may disagree, and the key of the reason.
const explained = JSON.parse(readFileSync(new URL("explained.json", import.meta.url), "utf8"));
const maxExplained = 0.05; // of a direction's documents

const markdownTransformer = new MarkdownTransformer();
const wikiTransformer = new WikiMarkupTransformer();
const json = (node) => node.toJSON();

const markdown = [...specification(), ...tickets(".md")];
const wiki = tickets(".wiki");
const ours = convert("markdown", markdown.map(({ text }) => text));
const oursOfWiki = convert("wiki", wiki.map(({ text }) => text));
const encoded = ours.map(({ adf }) => wikiTransformer.encode(defaultSchema.nodeFromJSON(adf)));
const reread = convert("wiki", encoded);

/**
 * A direction compares, for each document, our ADF with an oracle's. Candidates are the oracle's
 * answers, the second one with what it is called; agreeing with one is agreeing.
 */
const directions = {
  "Markdown → ADF": {
    documents: markdown,
    ours: (i) => ours[i].adf,
    candidates: (i, touched) => [
      () => json(markdownTransformer.parse(markdown[i].text)),
      () => json(normalisations.parseMarkdown(markdown[i].text, touched)),
    ],
    normalisations: normalisations.markdown,
  },
  "Markdown → wiki": {
    documents: markdown,
    ours: (i) => ours[i].adf,
    candidates: (i) => [() => json(wikiTransformer.parse(ours[i].wiki))],
    wiki: (i) => ours[i].wiki,
    normalisations: normalisations.wiki,
  },
  "wiki → Markdown": {
    documents: wiki,
    ours: (i) => oursOfWiki[i].adf,
    candidates: (i) => [() => json(wikiTransformer.parse(wiki[i].text))],
    wiki: (i) => wiki[i].text,
    normalisations: normalisations.wiki,
  },
  "ADF → wiki by Atlassian → Markdown": {
    documents: markdown,
    ours: (i) => reread[i].adf,
    candidates: (i, touched) => [
      () => ours[i].adf,
      () => {
        touched.add("lost by the encoder");
        return json(wikiTransformer.parse(encoded[i]));
      },
    ],
    wiki: (i) => encoded[i],
    normalisations: normalisations.wiki,
  },
};

const table = [];
const touchedBy = {};
const reasonsUsed = {};

for (const [name, direction] of Object.entries(directions)) {
  test(name, () => {
    const reasons = explained[name] ?? {};
    const rows = {};
    const failures = [];
    const seen = new Set();
    for (const [i, document] of direction.documents.entries()) {
      const row = (rows[document.corpus] ??= { documents: 0, agree: 0, normalised: 0, explained: 0, disagree: 0 });
      row.documents++;
      seen.add(document.id);
      const result = compare(direction, i);
      if (result.equal) {
        row.agree++;
        if (result.touched.size > 0) row.normalised++;
        for (const name of result.touched) touchedBy[name] = (touchedBy[name] ?? 0) + 1;
        if (reasons[document.id]) failures.push(`${document.id} agrees by now, but explained.json has a reason for it`);
      } else if (reasons[document.id]) {
        row.explained++;
        reasonsUsed[reasons[document.id]] = (reasonsUsed[reasons[document.id]] ?? 0) + 1;
        if (!explained.reasons[reasons[document.id]]) failures.push(`${document.id} has a reason that is not among them`);
        const lost = missing(document, canonical(direction.ours(i)));
        if (lost.length > 0) failures.push(`${document.id} is explained, but loses ${lost.join(", ")}`);
      } else {
        row.disagree++;
        failures.push(report(document, result, direction.wiki?.(i)));
      }
    }
    for (const id of Object.keys(reasons)) {
      if (!seen.has(id)) failures.push(`explained.json has a reason for ${id}, which is no document`);
    }
    table.push(...Object.entries(rows).map(([corpus, row]) => ({ direction: name, corpus, ...row })));
    const all = Object.values(rows).reduce((sum, row) => ({ documents: sum.documents + row.documents, explained: sum.explained + row.explained }), { documents: 0, explained: 0 });
    const share = all.explained / all.documents;
    if (share > maxExplained) failures.push(`${(100 * share).toFixed(1)} % of the documents are explained`);
    assert.ok(failures.length === 0, `${failures.length} failures\n${failures.join("\n")}`);
  });
}

test("docs/markdown.md has these figures", () => {
  const page = readFileSync(new URL("../../docs/markdown.md", import.meta.url), "utf8");
  for (const name of Object.keys(directions)) {
    const sum = (column) => table.filter((row) => row.direction === name).reduce((all, row) => all + row[column], 0);
    const row = `| ${name} | ${["documents", "agree", "explained"].map(sum).join(" | ")} |`;
    assert.ok(page.includes(`${row}\n`), `it lacks ${row}`);
  }
});

/** Compares as they are, and then normalised. */
function compare(direction, i) {
  const mine = canonical(direction.ours(i));
  const touched = new Set();
  let last;
  for (const [attempt, candidate] of direction.candidates(i, touched).entries()) {
    let answer;
    try {
      answer = candidate();
    } catch (error) {
      last = { ours: mine, theirs: { failed: error.message } };
      continue;
    }
    const theirs = canonical(answer);
    if (same(mine, theirs)) return { equal: true, touched };
    const [a, b] = normalisations.normalise(direction.normalisations, mine, theirs, { wiki: direction.wiki?.(i) }, touched);
    if (same(a, b)) return { equal: true, touched };
    last = { ours: a, theirs: b };
    if (attempt === 0) touched.clear();
  }
  return { equal: false, ...last };
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * The words of a document that its conversion does not hold, besides those that are markup there: a
 * list's number, the label of a reference, the title of a link.
 */
function missing({ id, text }, doc) {
  const held = words(doc).toLowerCase();
  const markup = explained.notations[id] ?? [];
  return (text.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !held.includes(word.toLowerCase()) && !markup.includes(word));
}

function report(document, { ours, theirs }, wiki) {
  const lines = [`${document.id} disagrees`, `  source ${JSON.stringify(document.text)}`];
  if (wiki !== undefined && wiki !== document.text) lines.push(`  wiki   ${JSON.stringify(wiki)}`);
  const [a, b] = [outline(ours), outline(theirs)];
  const from = a.findIndex((line, i) => line !== b[i]);
  const at = from < 0 ? a.length : from;
  lines.push("  ours", ...a.slice(at, at + 5).map((line) => `    ${line}`), "  theirs", ...b.slice(at, at + 5).map((line) => `    ${line}`));
  return lines.join("\n");
}

/** A document, one node a line. */
function outline(node, indent = "") {
  if (node.failed) return [`fails: ${node.failed}`];
  if (node.type === undefined) return [`${indent}${JSON.stringify(node.text)} ${node.marks}`];
  return [`${indent}${node.type} ${Object.keys(node.attrs).length ? JSON.stringify(node.attrs) : ""}`, ...node.content.flatMap((child) => outline(child, indent + "  "))];
}

/** Plain text for a cell of a Markdown table. */
const cell = (text) => text.replace(/[|<*_]/g, "\\$&");

after(() => {
  const columns = ["direction", "corpus", "documents", "agree", "normalised", "explained", "disagree"];
  const why = { ...normalisations.tokenizerRules, "lost by the encoder": "Atlassian's encoder does not escape text, so that *text* becomes bold; we read its markup as Atlassian's parser does" };
  for (const { name, why: reason } of [...normalisations.markdown, ...normalisations.wiki]) why[name] ??= reason;
  const lines = [
    `| ${columns.join(" | ")} |`,
    `|${columns.map((_, i) => (i < 2 ? "---|" : "--:|")).join("")}`,
    ...table.map((row) => `| ${columns.map((column) => row[column]).join(" | ")} |`),
    "",
    "| normalisation | documents | why |",
    "|---|--:|---|",
    ...Object.entries(touchedBy).sort(([, a], [, b]) => b - a).map(([name, count]) => `| ${name} | ${count} | ${cell(why[name])} |`),
    "",
    "| explanation | documents | why |",
    "|---|--:|---|",
    ...Object.entries(reasonsUsed).sort(([, a], [, b]) => b - a).map(([name, count]) => `| ${name} | ${count} | ${cell(explained.reasons[name])} |`),
  ];
  const text = lines.join("\n") + "\n";
  mkdirSync(fileURLToPath(new URL("../out/", import.meta.url)), { recursive: true });
  writeFileSync(new URL("../out/markup-oracle.md", import.meta.url), text);
  console.log(text);
});
