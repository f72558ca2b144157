// What the server says about itself, and what it answers at registration, read by the schemas of
// the TypeScript SDKs: a client that cannot parse a document goes no further.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as v2 from "@modelcontextprotocol/core";
import * as v1 from "@modelcontextprotocol/sdk/shared/auth.js";
import { Demo } from "../lib/demo.mjs";
import { register } from "../lib/register.mjs";

describe("documents", () => {
  let demo;
  before(async () => (demo = await Demo.start()));
  after(() => demo?.stop());

  const documents = [
    { path: "/.well-known/oauth-authorization-server", schema: "OAuthMetadataSchema" },
    { path: "/.well-known/openid-configuration", schema: "OpenIdProviderDiscoveryMetadataSchema" },
    { path: "/.well-known/openid-configuration", schema: "OpenIdProviderMetadataSchema" },
    { path: "/.well-known/oauth-protected-resource", schema: "OAuthProtectedResourceMetadataSchema" },
    { path: "/.well-known/oauth-protected-resource/mcp", schema: "OAuthProtectedResourceMetadataSchema" },
  ];
  for (const [sdk, schemas] of Object.entries({ "SDK 1.32": v1, "client 2.4": v2 })) {
    for (const { path, schema } of documents) {
      it(`${path} fits ${schema} of ${sdk}`, async () => {
        const response = await fetch(demo.issuer + path);
        assert.equal(response.status, 200);
        assert.match(response.headers.get("content-type"), /^application\/json/);
        const document = schemas[schema].parse(await response.json());
        if (path.includes("protected-resource")) {
          assert.equal(document.resource, demo.url);
          assert.deepEqual(document.authorization_servers, [demo.issuer]);
        } else {
          assert.equal(document.issuer, demo.issuer);
          assert.ok(document.code_challenge_methods_supported.includes("S256"));
        }
      });
    }

    it(`a registration fits OAuthClientInformationFullSchema of ${sdk}`, async () => {
      const redirects = ["http://127.0.0.1:33418/", "https://vscode.dev/redirect", "http://localhost/callback"];
      const answer = await register(demo.issuer, { client_name: "Schemas", redirect_uris: redirects });
      const client = schemas.OAuthClientInformationFullSchema.parse(answer);
      assert.deepEqual(client.redirect_uris, redirects, "in the given order and spelling");
    });

    it(`a refusal fits OAuthErrorResponseSchema of ${sdk}`, async () => {
      const response = await fetch(`${demo.issuer}/oauth/token`, {
        method: "POST",
        body: new URLSearchParams({ grant_type: "authorization_code", code: "none", client_id: "nobody" }),
      });
      const schema = schemas.OAuthErrorResponseSchema;
      assert.equal(schema.parse(await response.json()).error, "invalid_client");
      assert.equal(response.status, 401);
    });
  }
});
