// A fetch that notes what an assistant asks for. It changes nothing; the SDKs take it as an option.

/** Notes requests: { method, origin, path, status, grant, rpc, version } of each. */
export class Recorder {
  requests = [];

  fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const entry = { method: init?.method ?? "GET", origin: url.origin, path: url.pathname, version: new Headers(init?.headers).get("mcp-protocol-version") };
    const body = init?.body?.toString() ?? "";
    if (url.pathname.endsWith("/token")) entry.grant = new URLSearchParams(body).get("grant_type");
    if (body.startsWith("{")) entry.rpc = JSON.parse(body).method;
    this.requests.push(entry);
    const response = await fetch(input, init);
    entry.status = response.status;
    return response;
  };

  /** How many requests have all of these properties. */
  count(wanted) {
    return this.requests.filter((r) => Object.entries(wanted).every(([name, value]) => r[name] === value)).length;
  }
}
