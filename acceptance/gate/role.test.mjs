// A client that is refused because its person lacks a role says so, and sends nobody to sign in
// again: another sign-in would end at the same door.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Agent, setGlobalDispatcher } from "undici";
import { Caddy } from "../lib/caddy.mjs";
import { Demo } from "../lib/demo.mjs";
import { Everything } from "../lib/everything.mjs";
import { call } from "../lib/journey.mjs";
import { Person } from "../lib/person.mjs";
import { freePorts } from "../lib/program.mjs";
import { Assistant, current, previous } from "../lib/typescript.mjs";

const caddyfile = fileURLToPath(new URL("role.Caddyfile", import.meta.url));
// A reload closes idle connections, on one of which a request may just be on its way.
setGlobalDispatcher(new Agent({ pipelining: 0 }));

const refusal = "You are signed in, but may not use this server. Ask whoever runs it for access; signing in again does not help.";

// What a person reads. The probe for a revision has an error of its own, with our words beside it.
const assistants = [
  { name: "Client 2.4 legacy", sdk: current("legacy"), says: refusal },
  { name: "Client 2.4 auto", sdk: current("auto"), says: "the server denied access (HTTP 403)" },
  { name: "SDK 1.32", sdk: previous, says: refusal },
];

describe("require_role", () => {
  let demo;
  let server;
  let caddy;
  let admin;
  const require = (role) => caddy.reload(admin, { ROLE: role });
  before(async () => {
    server = await Everything.start();
    demo = await Demo.startWithoutCaddy("http://localhost");
    const port = await freePorts(1);
    admin = `localhost:${port}`;
    const env = { SITE: demo.issuer, ADMIN_PORT: port, EVERYTHING_PORT: server.port, ROLE: "Atlassian.Admin" };
    caddy = await Caddy.start(caddyfile, { ...demo.environment, ...env });
  });
  after(() => Promise.all([caddy, demo, server].map((program) => program?.stop())));

  for (const { name, sdk, says } of assistants) {
    it(`${name}: refused from the start`, { timeout: 60_000 }, async () => {
      await require("Atlassian.Admin");
      const assistant = new Assistant(sdk, { name: `${name} outside`, person: new Person("Chloé Martin"), url: demo.url });
      await assert.rejects(assistant.signIn(), refused(says));
      for (let i = 0; i < 3; i++) await assert.rejects(assistant.connect(), refused(says));
      assert.equal(assistant.recorder.count({ path: "/mcp", status: 403 }), 4, "refusals");
      checkOneSignIn(assistant, caddy);
      assert.ok(!server.received.includes(assistant.name), "it reached the server");
    });

    it(`${name}: refused in the middle of a session`, { timeout: 60_000 }, async () => {
      await require("Atlassian.Reader");
      const assistant = new Assistant(sdk, { name: `${name} inside`, person: new Person("Chloé Martin"), url: demo.url });
      const client = await assistant.signIn();
      await call(client, "echo", { message: "before" });

      await require("Atlassian.Admin");
      for (let i = 0; i < 3; i++) await assert.rejects(call(client, "echo", { message: "not now" }), refused(refusal));
      await assert.rejects(client.listTools(), refused(refusal));
      assert.doesNotMatch(server.received, /not now/, "a call reached the server");

      await require("Atlassian.Reader");
      assert.match(await call(client, "echo", { message: "after" }), /after/);
      assert.ok(server.received.includes(assistant.name), "the server is not told which assistant calls");
      checkOneSignIn(assistant, caddy);
      await client.close();
    });
  }
});

/** What an error of a refused client is like. */
const refused = (says) => (error) => {
  assert.ok(error.message.includes(says), error.message);
  assert.ok((error.data?.text ?? error.message).includes(refusal), JSON.stringify(error.data));
  assert.equal(error.status ?? error.code, 403, error.stack);
  return true;
};

/** The person was asked once, and after the token came the assistant asked for nothing but the server. */
function checkOneSignIn({ provider, recorder, name }, caddy) {
  assert.equal(provider.signIns, 1, "redirects to authorization");
  for (const path of ["/oauth/register", "/oauth/token"]) assert.equal(recorder.count({ path }), 1, path);
  const token = recorder.requests.findIndex((r) => r.path === "/oauth/token");
  assert.deepEqual([...new Set(recorder.requests.slice(token + 1).map((r) => r.path))], ["/mcp"], "requests after the sign-in");
  for (const msg of ["client registered", "sign-in requested", "signed in", "token issued"]) {
    assert.equal(caddy.records(msg).filter((r) => r.assistant === name).length, 1, msg);
  }
}
