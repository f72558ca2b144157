// The two TypeScript SDKs of MCP, each used as its documentation says.

import assert from "node:assert/strict";
import * as v2 from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { UnauthorizedError as UnauthorizedV1 } from "@modelcontextprotocol/sdk/client/auth.js";
import { Provider } from "./provider.mjs";
import { Recorder } from "./recorder.mjs";

/** @modelcontextprotocol/client: mode is "legacy", "auto" or { pin: revision }. */
export const current = (mode) => ({
  unauthorized: v2.UnauthorizedError,
  client: (name) => new v2.Client({ name, version: "1" }, { versionNegotiation: { mode } }),
  transport: (url, options) => new v2.StreamableHTTPClientTransport(url, options),
  finish: (transport, callback) => transport.finishAuth(callback),
});

/** @modelcontextprotocol/sdk. */
export const previous = {
  unauthorized: UnauthorizedV1,
  client: (name) => new ClientV1({ name, version: "1" }),
  transport: (url, options) => new TransportV1(url, options),
  finish: (transport, callback) => transport.finishAuth(callback.get("code")),
};

/** An assistant that knows nothing but the URL of the MCP server. */
export class Assistant {
  constructor(sdk, { name, person, url }) {
    this.sdk = sdk;
    this.name = name;
    this.url = new URL(url);
    this.provider = new Provider({ name, person });
    this.recorder = new Recorder();
  }

  #open() {
    const client = this.sdk.client(this.name);
    const transport = this.sdk.transport(this.url, { authProvider: this.provider, fetch: this.recorder.fetch });
    return { client, transport };
  }

  /** Connects without a token, is sent to sign in, and connects again. Returns the client. */
  async signIn() {
    const first = this.#open();
    await assert.rejects(first.client.connect(first.transport), this.sdk.unauthorized);
    await this.sdk.finish(first.transport, this.provider.callback);
    await first.transport.close();
    return this.connect();
  }

  /** Connects with what the assistant has. */
  async connect() {
    const { client, transport } = this.#open();
    await client.connect(transport);
    return client;
  }
}
