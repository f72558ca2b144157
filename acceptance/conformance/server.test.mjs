// The official conformance suite against the fixture: its tools, prompts and resources behind this
// project's gate and MCP route. acceptance/run.sh says what has to be installed.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = path.dirname(fileURLToPath(import.meta.url));
const acceptance = path.dirname(here);
const out = path.join(acceptance, "out");
const suite = path.join(acceptance, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
const run = promisify(execFile);

// What was measured when this was written: a run that checks less has not checked what it should,
// whatever its exit code says. "Warned" are scenarios of which nothing was seen but one warning.
const revisions = {
  "2026-07-28": { scenarios: 37, passed: 121, warned: {}, expectedFailures: [] },
  "2025-11-25": {
    scenarios: 30,
    passed: 55,
    // Resuming a stream needs a session, which 2025-11-25 leaves to the server (MCP basic/transports).
    warned: { "server-sse-multiple-streams": "server-sse-multiple-streams-session" },
    expectedFailures: ["tools-call-sampling", "tools-call-elicitation", "elicitation-sep1034-defaults", "elicitation-sep1330-enums"],
  },
};

let fixture;
let url;

before(async () => {
  const binary = path.join(out, "conformance-fixture");
  await run("go", ["build", "-o", binary, "./fixture"], { cwd: here });
  fixture = spawn(binary, { stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface({ input: fixture.stdout });
  url = await new Promise((resolve, reject) => {
    lines.once("line", resolve);
    fixture.once("exit", (code) => reject(new Error(`the fixture ended with ${code}`)));
  });
});

after(() => fixture?.kill());

for (const [revision, expected] of Object.entries(revisions)) {
  test(`MCP ${revision}`, { timeout: 180_000 }, async () => {
    const results = path.join(out, `conformance-${revision}`);
    await rm(results, { recursive: true, force: true });
    const args = [suite, "server", "--url", url, "--requirements", revision, "--output-dir", results];
    if (expected.expectedFailures.length > 0) {
      args.push("--expected-failures", path.join(here, `expected-failures-${revision}.yml`));
    }
    await run(process.execPath, args, { maxBuffer: 64 << 20 }).catch((error) => {
      assert.fail(`the suite failed:\n${error.stdout}\n${error.stderr}`);
    });

    const required = await requiredScenarios(revision);
    assert.equal(required.length, expected.scenarios, "the suite requires other scenarios than before");
    const checks = await readChecks(results);
    let passed = 0;
    for (const scenario of required) {
      const found = checks.get(scenario) ?? [];
      const succeeded = found.filter((check) => check.status === "SUCCESS").length;
      const failed = found.filter((check) => check.status === "FAILURE").map((check) => check.id);
      assert.ok(found.length > 0, `${scenario} was not run`);
      assert.equal(failed.length > 0, expected.expectedFailures.includes(scenario), `${scenario} failed ${failed}`);
      if (expected.warned[scenario]) {
        assert.deepEqual(found.map((check) => `${check.status} ${check.id}`), [`WARNING ${expected.warned[scenario]}`]);
      } else {
        assert.ok(succeeded > 0, `${scenario} checked nothing`);
      }
      const skipped = found.filter((check) => check.status === "SKIPPED").map((check) => check.id);
      assert.deepEqual(skipped, [], `${scenario} skipped checks`);
      passed += succeeded;
    }
    assert.ok(passed >= expected.passed, `${passed} checks passed, ${expected.passed} did before`);
  });
}

// Beside the required ones the suite knows these, which came after the revision's release.
test("MCP 2026-07-28, later scenarios", async () => {
  const checks = await readChecks(path.join(out, "conformance-2026-07-28"));
  const passed = { "json-schema-2020-12": 8, "http-header-validation": 14, "http-custom-header-server-validation": 10 };
  for (const [scenario, count] of Object.entries(passed)) {
    const found = checks.get(scenario) ?? [];
    assert.deepEqual(found.filter((check) => check.status === "FAILURE").map((check) => check.id), [], scenario);
    assert.ok(found.filter((check) => check.status === "SUCCESS").length >= count, `${scenario} checked too little`);
  }
});

/** The server scenarios that a revision requires, as the suite itself lists them. */
async function requiredScenarios(revision) {
  const { stdout } = await run(process.execPath, [suite, "list", "--requirements", revision]);
  const [, listed] = stdout.split(/^Server scenarios.*$/m);
  assert.ok(listed, `the suite lists no server scenarios:\n${stdout}`);
  return [...listed.split(/^\S/m)[0].matchAll(/^ {2}- (\S+)$/gm)].map(([, name]) => name);
}

/** The checks of each scenario of a run. */
async function readChecks(results) {
  const checks = new Map();
  for (const folder of await readdir(results)) {
    const [, scenario] = folder.match(/^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/) ?? assert.fail(`unexpected result ${folder}`);
    checks.set(scenario, JSON.parse(await readFile(path.join(results, folder, "checks.json"), "utf8")));
  }
  return checks;
}
