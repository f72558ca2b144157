// Dynamic client registration, RFC 7591.

import assert from "node:assert/strict";

/** Registers a public client and returns the server's answer. */
export async function register(issuer, metadata) {
  const response = await fetch(`${issuer}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token_endpoint_auth_method: "none", ...metadata }),
  });
  const answer = await response.json();
  assert.equal(response.status, 201, JSON.stringify(answer));
  return answer;
}
