// The official conformance suite's mode for authorization servers, against the demo.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Demo } from "../lib/demo.mjs";
import { Person } from "../lib/person.mjs";
import { freePorts } from "../lib/program.mjs";
import { register } from "../lib/register.mjs";

const suite = fileURLToPath(new URL("../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url));
const name = "Conformance suite";

// Everything that the suite checks about an authorization server, so that a scenario which is
// skipped without a word is missed here.
const wanted = {
  "authorization-server-metadata-endpoint": {
    "authorization-server-metadata": "SUCCESS",
    "authorization-server-metadata-cimd": "SUCCESS",
  },
  "authorization-code-grant": { "authorization-code-grant": "SUCCESS" },
};

describe("conformance suite, authorization mode", () => {
  let demo, results;
  before(async () => {
    demo = await Demo.start();
    results = mkdtempSync(path.join(tmpdir(), "authorization-"));
  });
  after(async () => {
    if (results) rmSync(results, { recursive: true });
    await demo?.stop();
  });

  it("passes every scenario", { timeout: 60_000 }, async () => {
    const port = await freePorts(1);
    const client = await register(demo.issuer, { client_name: name, redirect_uris: [`http://127.0.0.1:${port}/callback`] });
    const args = ["authorization", "--url", demo.issuer, "--client-id", client.client_id];
    const run = start([...args, "--resource", demo.url, "-p", String(port), "-o", results]);
    const url = await run.line((line) => line.startsWith(`${demo.issuer}/oauth/authorize?`));
    const end = await new Person("Chloé Martin").signIn(url, { client: name });
    await (await fetch(end)).text();
    assert.equal(await run.ended, 0, run.output());
    assert.deepEqual(checks(results), wanted, run.output());
  });
});

/** Runs the suite. line resolves to the first line of output that fits. */
function start(args) {
  const child = spawn(process.execPath, [suite, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const ended = new Promise((resolve) => child.once("close", resolve));
  const line = (fits) =>
    new Promise((resolve, reject) => {
      const look = (text) => {
        output += text;
        const found = output.split("\n").slice(0, -1).find(fits);
        if (found) resolve(found);
      };
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", look);
      ended.then(() => reject(new Error(`the suite ended before it asked for a sign-in:\n${output}`)));
    });
  return { ended, line, output: () => output };
}

/** What came of each check, by scenario. */
function checks(directory) {
  const outcomes = {};
  for (const run of readdirSync(directory)) {
    const scenario = Object.keys(wanted).find((s) => run.includes(s)) ?? run;
    const list = JSON.parse(readFileSync(path.join(directory, run, "checks.json"), "utf8"));
    outcomes[scenario] = Object.fromEntries(list.map((c) => [c.id, c.status]));
  }
  return outcomes;
}
