// The MCP Inspector, which people look at a server with: it finds nothing to complain of in the
// schemas, and every tool answers the example that docs/tools.md shows of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Demo } from "../lib/demo.mjs";
import { clientName, Inspector } from "../lib/inspector.mjs";

const caddyfile = fileURLToPath(new URL("inspector.Caddyfile", import.meta.url));
const examples = JSON.parse(readFileSync(new URL("../../handlers/mcp/alltools/testdata/examples.json", import.meta.url), "utf8"));
const who = "Ben Okafor";

describe("MCP Inspector", () => {
  let demo;
  let inspector;
  before(async () => {
    demo = await Demo.start({ caddyfile });
    inspector = new Inspector(who);
  });
  after(async () => {
    inspector?.remove();
    await demo?.stop();
  });

  const request = async (...args) => {
    const { code, stdout, stderr } = await inspector.run(demo.url, ...args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}${stdout}\nbrowser: ${inspector.visits.join("\n")}`);
    return { answer: JSON.parse(stdout), stderr };
  };

  let tools;
  it("signs in, and takes every schema without a warning", { timeout: 90_000 }, async () => {
    const { answer, stderr } = await request("--method", "tools/list", "--strict");
    tools = answer.result.tools;
    assert.deepEqual(answer.schemaFindings ?? [], []);
    assert.doesNotMatch(stderr, /warning|error/i);
    assert.deepEqual(inspector.visits, ["signed in, and the assistant answered 200"], "browser visits");
    assert.equal(demo.lines(`${who} signed in for ${clientName}`).length, 1, demo.output);
    assert.deepEqual(tools.map((tool) => tool.name).sort(), Object.keys(examples).sort(), "tools and examples");
  });

  it("lists the same in every protocol era", { timeout: 90_000 }, async () => {
    for (const era of ["auto", "modern"]) {
      const { answer } = await request("--method", "tools/list", "--protocol-era", era, "--stored-auth-only");
      assert.deepEqual(answer.result.tools, tools, era);
    }
  });

  it("calls every tool", { timeout: 300_000 }, async () => {
    const call = async (name, args) => {
      const { answer } = await request("--method", "tools/call", "--tool-name", name, "--tool-args-json", JSON.stringify(args), "--stored-auth-only");
      assert.notEqual(answer.result.isError, true, name);
      assert.equal(answer.result.content.length, 1, name);
      JSON.parse(answer.result.content[0].text);
    };
    // What reads comes before what changes it, and what deletes last.
    const rank = ({ annotations }) => (annotations.readOnlyHint ? 0 : annotations.destructiveHint ? 2 : 1);
    for (const { name } of tools.toSorted((a, b) => rank(a) - rank(b))) {
      for (const { tool, arguments: args } of examples[name].before ?? []) await call(tool, args);
      await call(name, examples[name].arguments);
    }
    assert.equal(demo.lines("tool", who, ": ok").length, countCalls(), demo.output);
  });
});

const countCalls = () => Object.values(examples).reduce((n, { before = [] }) => n + 1 + before.length, 0);
