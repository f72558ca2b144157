// Two hosts with a gate each before one server that this project did not write, over TLS with
// Caddy's own authority, on HTTP/1.1 and HTTP/2, with and without a second Caddy in front.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Caddy } from "../lib/caddy.mjs";
import { Demo } from "../lib/demo.mjs";
import { Everything, progress } from "../lib/everything.mjs";
import { call } from "../lib/journey.mjs";
import { network, use } from "../lib/network.mjs";
import { Person } from "../lib/person.mjs";
import { freePorts } from "../lib/program.mjs";
import { Assistant, current, previous } from "../lib/typescript.mjs";

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const ada = "5f1c8a3e-2b7d-4c9a-9e10-6d2f4b8a7c31/9a4d2c10-71be-4f0e-8a35-2c6b1d9e4f01";

const hosts = [
  { host: "mcp-a.localhost", name: "A", sdk: current("auto") },
  { host: "mcp-b.localhost", name: "B", sdk: previous },
];

// Clients have addresses of their own on this machine, so that the access log tells them apart.
// None is that of the proxy in front, which is trusted.
const versions = [
  { proto: "HTTP/1.1", version: 1, agreed: "http/1.1", from: "127.0.0.11" },
  { proto: "HTTP/2.0", version: 2, agreed: "h2", from: "127.0.0.12" },
];
const passerby = "127.0.0.13";

for (const behind of [false, true]) {
  describe(behind ? "two hosts behind a second Caddy" : "two hosts", () => {
    const world = {};
    before(() => start(world, behind));
    after(() => Promise.all([world.front, world.caddy, world.demo, world.server].map((program) => program?.stop())));

    for (const { proto, version, agreed, from } of versions) {
      it(`${proto}: sign-in, tools, a token for one host does not open the other`, { timeout: 60_000 }, async () => {
        const net = network({ ca: world.ca, version, from });
        use(net);
        const tokens = {};
        for (const { host, name, sdk } of hosts) tokens[host] = await visit(world, { host, sdk, name: `${name} over ${proto}` });
        await checkSubstitution(world, tokens);
        await checkForgery(world, { tokens, from });
        await net.destroy();
        assert.deepEqual([...net.spoken], [agreed], "what TLS agreed on");
        const seen = requests(world.front ?? world.caddy).filter((r) => r.client_ip === from);
        assert.ok(seen.length >= 10, `${seen.length} requests in the access log`);
        assert.deepEqual([...new Set(seen.map((r) => r.proto))], [proto], "versions in the access log");
      });
    }

    if (behind) {
      it("who goes past the proxy can claim nothing", { timeout: 60_000 }, async () => {
        const through = network({ ca: world.ca, from: passerby });
        use(through);
        const tokens = {};
        for (const { host, name, sdk } of hosts) tokens[host] = await visit(world, { host, sdk, name: `${name} past the proxy` });
        await through.destroy();
        const past = network({ from: passerby, port: world.inner });
        use(past);
        await checkForgery(world, { tokens, from: passerby, scheme: "http" });
        await past.destroy();
      });
    }
  });
}

/** Starts what stands behind a public URL: the server, the stand-in for Entra, and one Caddy or two. */
async function start(world, behind) {
  world.server = await Everything.start();
  world.demo = await Demo.startWithoutCaddy(`https://${hosts[0].host}`);
  world.url = (host) => `https://${host}:${world.demo.port}/mcp`;
  const sites = (scheme, port) => ({ HOST_A: `${scheme}://${hosts[0].host}:${port}`, HOST_B: `${scheme}://${hosts[1].host}:${port}` });
  const env = { ...world.demo.environment, EVERYTHING_PORT: world.server.port, RESOURCE_B: world.url(hosts[1].host) };
  const secure = sites("https", world.demo.port);
  if (behind) {
    world.inner = await freePorts(1);
    world.front = await Caddy.start(file("front.Caddyfile"), { ...secure, INNER_PORT: world.inner });
  }
  world.caddy = await Caddy.start(file("hosts.Caddyfile"), { ...env, ...(behind ? sites("http", world.inner) : secure) });
  world.ca = await (world.front ?? world.caddy).authority(...hosts.map((h) => h.host));
}

const requests = (caddy) => caddy.records("handled request").map((r) => r.request);

/** An assistant that knows the URL alone signs Ada in and uses the server. Returns its access token. */
async function visit(world, { host, sdk, name }) {
  const assistant = new Assistant(sdk, { name, person: new Person("Ada Keller"), url: world.url(host) });
  const client = await assistant.signIn();
  checkSignIn(assistant, world);
  assert.ok((await client.listTools()).tools.some((t) => t.name === "get-sum"), "tools");
  assert.match(await call(client, "echo", { message: `Grüße through ${host}` }), new RegExp(`Grüße through ${host}`));
  await progress(client);
  await client.close();
  return assistant.provider.tokens().access_token;
}

/** The way was: a challenge, metadata of this host, and everything else at the public URL. */
function checkSignIn({ provider, recorder, url }, { demo }) {
  const steps = [
    { origin: url.origin, path: "/mcp", status: 401 },
    { origin: url.origin, path: "/.well-known/oauth-protected-resource/mcp", status: 200 },
    { origin: demo.issuer, path: "/.well-known/oauth-authorization-server", status: 200 },
    { origin: demo.issuer, path: "/oauth/register", status: 201 },
    { origin: demo.issuer, path: "/oauth/token", grant: "authorization_code", status: 200 },
  ];
  for (const step of steps) assert.ok(recorder.count(step) >= 1, JSON.stringify([step, recorder.requests]));
  assert.equal(provider.signIns, 1, "sign-ins");
  assert.equal(provider.callback.get("iss"), demo.issuer, "iss, RFC 9207");
}

async function checkSubstitution({ server, url }, tokens) {
  for (const { host } of hosts) {
    for (const token of [...hosts.filter((h) => h.host !== host).map((h) => tokens[h.host]), ""]) {
      const response = await fetch(url(host), { method: "POST", headers: { authorization: `Bearer ${token}`, "user-agent": "Intruder" }, body: "{}" });
      assert.equal(response.status, 401, `${host}: ${await response.text()}`);
      const metadata = `${new URL(url(host)).origin}/.well-known/oauth-protected-resource/mcp`;
      assert.ok(response.headers.get("www-authenticate").includes(`resource_metadata="${metadata}"`), "the challenge");
    }
  }
  assert.doesNotMatch(server.received, /Intruder/, "what reached the server");
}

/** Whatever a client says about itself and about the host: it is Ada, at this address, at the public URL. */
async function checkForgery({ server, caddy, demo, url }, { tokens, from, scheme = "https" }) {
  const forged = {
    "user-agent": `Forger at ${from}`,
    "x-user": "mallory",
    "x~user": "mallory",
    "x-groups": "mallory", // of which Ada has none
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "gopher",
  };
  for (const { host, name } of hosts) {
    const address = url(host).replace("https:", `${scheme}:`);
    const metadata = await fetch(new URL("/.well-known/oauth-protected-resource/mcp", address), { headers: forged });
    const { resource, resource_name, authorization_servers } = await metadata.json();
    assert.deepEqual({ resource, resource_name, authorization_servers }, { resource: url(host), resource_name: name, authorization_servers: [demo.issuer] });

    const request = {
      method: "POST",
      headers: { ...forged, accept: "application/json, text/event-stream", "content-type": "application/json" },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "forger", version: "1" } },
      }),
    };
    const without = await fetch(address, request);
    assert.equal(without.status, 401, await without.text());
    request.headers.authorization = `Bearer ${tokens[host]}`;
    const response = await fetch(address, request);
    assert.equal(response.status, 200, await response.text());
  }
  assert.ok(server.received.includes(forged["user-agent"]), "the forger did not reach the server");
  assert.doesNotMatch(server.received, /mallory|203\.0\.113\.9|evil\.example|gopher|^authorization:/im, "what reached the server");
  const users = server.received.match(/^[^:\r\n]*user(?!-agent)[^:\r\n]*: .*(?=\r$)/gim);
  assert.deepEqual([...new Set(users)], [`X-User: ${ada}`], "who the server was told");

  await caddy.waitFor(forged["user-agent"]);
  const clients = requests(caddy).filter((r) => r.headers["User-Agent"]?.includes(forged["user-agent"]));
  assert.deepEqual([...new Set(clients.map((r) => r.client_ip))], [from], "clients in the access log");
}
