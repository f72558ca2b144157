// entra_auth and reverse_proxy before a server that this project did not write: real clients sign
// in, keep a session, and get answers and notifications through the gate.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Demo } from "../lib/demo.mjs";
import { Everything, progress } from "../lib/everything.mjs";
import { call } from "../lib/journey.mjs";
import { Person } from "../lib/person.mjs";
import { Assistant, current, previous } from "../lib/typescript.mjs";

const caddyfile = fileURLToPath(new URL("Caddyfile", import.meta.url));

const assistants = [
  { name: "Client 2.4 legacy", sdk: current("legacy") },
  { name: "Client 2.4 auto", sdk: current("auto") },
  { name: "SDK 1.32", sdk: previous },
];

describe("entra_auth before another MCP server", () => {
  let demo;
  let server;
  before(async () => {
    server = await Everything.start();
    demo = await Demo.start({ caddyfile, env: { EVERYTHING_PORT: String(server.port) } });
  });
  after(async () => {
    await demo?.stop();
    await server?.stop();
  });

  for (const { name, sdk } of assistants) {
    it(`${name}: sign-in, tools, progress over a stream, session`, { timeout: 60_000 }, async () => {
      const sessions = server.count("Session initialized");
      const assistant = new Assistant(sdk, { name, person: new Person("Ada Keller"), url: demo.url });
      const client = await assistant.signIn();
      assert.match(await call(client, "echo", { message: "Grüße through the gate" }), /Grüße through the gate/);
      assert.match(await call(client, "get-sum", { a: 2, b: 40 }), /42/);
      await progress(client);
      assert.equal(server.count("Session initialized"), sessions + 1, "sessions");
      assert.equal(assistant.provider.signIns, 1, "sign-ins");
      await client.close();
    });
  }

  it("a token for one gate does not open the other", { timeout: 60_000 }, async () => {
    const [one, other] = ["/mcp", "/other/mcp"].map((path) => `${demo.issuer}${path}`);
    const tokens = {};
    for (const url of [one, other]) {
      const assistant = new Assistant(previous, { name: "Two gates", person: new Person("Ada Keller"), url });
      const client = await assistant.signIn();
      await call(client, "echo", { message: url });
      await client.close();
      tokens[url] = assistant.provider.tokens().access_token;
    }
    for (const [url, token] of [[one, tokens[other]], [other, tokens[one]], [one, ""]]) {
      const response = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}`, "user-agent": "Intruder" }, body: "{}" });
      assert.equal(response.status, 401, `${url}: ${await response.text()}`);
      assert.match(response.headers.get("www-authenticate"), new RegExp(`resource_metadata="${demo.issuer}/.well-known/oauth-protected-resource${new URL(url).pathname}"`));
    }
    assert.doesNotMatch(server.received, /Intruder/, "what reached the server");
  });

  it("the metadata and the consent page speak of the server, not of Jira", { timeout: 60_000 }, async () => {
    const metadata = await (await fetch(`${demo.issuer}/.well-known/oauth-protected-resource/mcp`)).json();
    assert.equal(metadata.resource_name, "Everything");
    const other = await (await fetch(`${demo.issuer}/.well-known/oauth-protected-resource/other/mcp`)).json();
    assert.equal(other.resource_name, undefined);
  });
});
