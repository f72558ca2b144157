// The part of an OAuth client that the TypeScript SDKs leave to the application: keeping things,
// and sending a person somewhere. One shape fits both SDKs.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

export class Provider {
  /** How often a person was sent to sign in. */
  signIns = 0;

  /** The parameters that the redirect URI was called with last. */
  callback = null;

  redirectUrl = "http://127.0.0.1:33418/";

  #state;
  #verifier;
  #kept = {};

  constructor({ name, person }) {
    this.name = name;
    this.person = person;
  }

  get clientMetadata() {
    return {
      client_name: this.name,
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  }

  state() {
    this.#state = randomUUID();
    return this.#state;
  }

  async redirectToAuthorization(url) {
    this.signIns++;
    const end = await this.person.signIn(url, { client: this.name });
    assert.equal(end.searchParams.get("state"), this.#state, "the state came back changed");
    this.callback = end.searchParams;
  }

  clientInformation = () => this.#kept.client;
  saveClientInformation = (client) => void (this.#kept.client = client);
  tokens = () => this.#kept.tokens;
  saveTokens = (tokens) => void (this.#kept.tokens = tokens);
  discoveryState = () => this.#kept.discovery;
  saveDiscoveryState = (discovery) => void (this.#kept.discovery = discovery);
  saveCodeVerifier = (verifier) => void (this.#verifier = verifier);
  codeVerifier = () => this.#verifier;
}
