// The TypeScript SDKs' clients go the whole way: from nothing but the URL to answers of Jira and
// Confluence, and on with a fresh token when the first one has expired.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Demo } from "../lib/demo.mjs";
import { everything, readConfluence, readJira } from "../lib/journey.mjs";
import { Person } from "../lib/person.mjs";
import { Assistant, current, previous } from "../lib/typescript.mjs";

const tokenLifetime = 15; // seconds

const assistants = [
  { name: "Client 2.4 legacy", who: "Ada Keller", sdk: current("legacy"), revision: "2025-11-25" },
  { name: "Client 2.4 auto", who: "Ben Okafor", sdk: current("auto"), revision: "2026-07-28" },
  { name: "Client 2.4 pinned", who: "Chloé Martin", sdk: current({ pin: "2026-07-28" }), revision: "2026-07-28" },
  { name: "SDK 1.32", who: "Ada Keller", sdk: previous, revision: "2025-11-25" },
];

describe("TypeScript clients", { concurrency: true }, () => {
  let demo;
  before(async () => (demo = await Demo.start({ tokenLifetime })));
  after(() => demo?.stop());

  for (const { name, who, sdk, revision } of assistants) {
    it(`${name}: sign-in, tools, refresh`, { timeout: 90_000 }, async () => {
      const assistant = new Assistant(sdk, { name, person: new Person(who), url: demo.url });
      const client = await assistant.signIn();
      checkSignIn(assistant, demo, who);
      await everything(client);
      checkRevision(assistant, client, revision);

      await sleep((tokenLifetime + 1) * 1000);
      const expired = assistant.provider.tokens();
      const refused = assistant.recorder.count({ path: "/mcp", status: 401 });
      await readJira(client);
      await readConfluence(client);
      assert.ok(assistant.recorder.count({ path: "/mcp", status: 401 }) > refused, "the expired token was not refused");
      checkRefresh(assistant, demo, who, expired);
      await client.close();
    });
  }
});

function checkSignIn({ provider, recorder, name }, demo, who) {
  assert.ok(recorder.count({ path: "/.well-known/oauth-protected-resource/mcp", status: 200 }) >= 1, "no resource metadata was read");
  assert.ok(recorder.count({ path: "/.well-known/oauth-authorization-server", status: 200 }) >= 1, "no server metadata was read");
  assert.equal(recorder.count({ path: "/oauth/register", status: 201 }), 1, "registrations");
  assert.equal(recorder.count({ path: "/oauth/token", grant: "authorization_code", status: 200 }), 1, "codes redeemed");
  assert.equal(provider.signIns, 1, "sign-ins");
  assert.equal(provider.callback.get("iss"), demo.issuer, "iss, RFC 9207");
  assert.equal(demo.lines(`${who} signed in for ${name}`).length, 1, demo.output);
}

function checkRevision({ recorder }, client, revision) {
  assert.equal(client.getNegotiatedProtocolVersion?.() ?? revision, revision);
  const calls = recorder.requests.filter((r) => r.rpc === "tools/call");
  assert.ok(calls.length > 0, "no tool was called");
  assert.deepEqual([...new Set(calls.map((r) => r.version))], [revision], "the revision on the wire");
}

function checkRefresh({ provider, recorder, name }, demo, who, expired) {
  const refreshes = recorder.count({ path: "/oauth/token", grant: "refresh_token" });
  assert.ok(refreshes >= 1, "no refresh happened");
  assert.equal(recorder.count({ path: "/oauth/token", grant: "refresh_token", status: 200 }), refreshes, "a refresh failed");
  assert.equal(demo.lines(`${name} got a fresh token for ${who}`).length, refreshes, demo.output);
  assert.equal(provider.signIns, 1, "the person was asked to sign in again");
  assert.notEqual(provider.tokens().access_token, expired.access_token, "the access token is the old one");
  assert.notEqual(provider.tokens().refresh_token, expired.refresh_token, "the refresh token was not rotated");
}
