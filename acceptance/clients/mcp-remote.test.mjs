// mcp-remote goes the same way. It renews a token a minute before its end, so that 70 seconds of
// life mean a refresh after ten, and 15 seconds one before every request.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Demo } from "../lib/demo.mjs";
import { everything, readConfluence, readJira } from "../lib/journey.mjs";
import { clientName, Remote } from "../lib/remote.mjs";

const who = "Ada Keller";

const runs = [
  { title: "as it comes", args: [], tokenLifetime: 70, pause: 11 },
  { title: "with --protocol auto", args: ["--protocol", "auto"], tokenLifetime: 70, pause: 11 },
  { title: "with tokens that expire", args: [], tokenLifetime: 15, pause: 16 },
];

describe("mcp-remote", { concurrency: true }, () => {
  for (const { title, args, tokenLifetime, pause } of runs) {
    it(`${title}: sign-in, tools, refresh, restart`, { timeout: 120_000 }, async (t) => {
      const demo = await Demo.start({ tokenLifetime });
      t.after(() => demo.stop());
      const home = new Remote(who);
      t.after(() => home.remove());

      const client = await home.connect(demo.url, args);
      await everything(client);
      const refreshed = refreshes(demo);
      await sleep(pause * 1000);
      await readJira(client);
      await readConfluence(client);
      assert.ok(refreshes(demo) > refreshed, `no refresh happened:\n${demo.output}`);
      await client.close();

      const again = await home.connect(demo.url, args);
      await readJira(again);
      await again.close();
      assert.deepEqual(home.visits, ["signed in, and the assistant answered 200"], "browser visits");
      assert.equal(demo.lines(`${who} signed in for ${clientName}`).length, 1, demo.output);
    });
  }
});

const refreshes = (demo) => demo.lines(`${clientName} got a fresh token for ${who}`).length;
