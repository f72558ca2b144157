// An assistant's side of a sign-in in a real browser: a registered client, an authorization URL
// with PKCE, and a redirect URI that somebody listens on.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { register } from "./register.mjs";

const secret = () => randomBytes(32).toString("base64url");

export class Callback {
  #verifier = secret();
  #arrived = Promise.withResolvers();

  /** Registers a client whose redirect URI is this one, or one of its own on loopback. */
  static async listen(demo, name, { redirectURI } = {}) {
    const callback = new Callback();
    callback.demo = demo;
    callback.state = secret();
    callback.server = http.createServer((request, response) => callback.#answer(request, response));
    await once(callback.server.listen(0, "127.0.0.1"), "listening");
    callback.server.unref();
    callback.redirectURI = redirectURI ?? `http://localhost:${callback.server.address().port}/callback`;
    const client = await register(demo.issuer, { client_name: name, redirect_uris: [callback.redirectURI] });
    callback.clientID = client.client_id;
    return callback;
  }

  /** The URL that the assistant opens. */
  get authorizationURL() {
    return `${this.demo.issuer}/oauth/authorize?${new URLSearchParams({
      response_type: "code",
      client_id: this.clientID,
      redirect_uri: this.redirectURI,
      state: this.state,
      code_challenge: createHash("sha256").update(this.#verifier).digest("base64url"),
      code_challenge_method: "S256",
      resource: this.demo.url,
    })}`;
  }

  #answer(request, response) {
    const url = new URL(request.url, this.redirectURI);
    if (url.pathname !== "/callback") return response.writeHead(204).end();
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end('<!doctype html><html lang="en"><title>Connected</title><main><h1>You can close this window.</h1></main></html>');
    this.#arrived.resolve(url.searchParams);
  }

  /** The parameters that the browser arrived with, checked as a client does. */
  async arrival() {
    const parameters = await this.#arrived.promise;
    assert.equal(parameters.get("state"), this.state);
    assert.equal(parameters.get("iss"), this.demo.issuer, "iss, RFC 9207");
    return parameters;
  }

  /** Redeems the code that arrived and returns the token response. */
  async redeem() {
    const parameters = await this.arrival();
    const response = await fetch(`${this.demo.issuer}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code: parameters.get("code"),
        redirect_uri: this.redirectURI,
        client_id: this.clientID,
        code_verifier: this.#verifier,
      }),
    });
    const tokens = await response.json();
    assert.equal(response.status, 200, JSON.stringify(tokens));
    return tokens;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
