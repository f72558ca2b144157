// @modelcontextprotocol/server-everything, an MCP server that knows nothing of signing in.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { Client as previousClient } from "@modelcontextprotocol/sdk/client/index.js";
import { Program, freePorts } from "./program.mjs";

const program = fileURLToPath(new URL("../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url));

/** The server, running. port is that of a wire to it, and received is what has gone over the wire. */
export class Everything extends Program {
  received = "";
  #wire = net.createServer((from) => this.#carry(from));
  #own;

  static async start() {
    const server = new Everything();
    server.#own = await freePorts(1);
    server.run(process.execPath, [program, "streamableHttp"], { PATH: process.env.PATH, PORT: String(server.#own) });
    await server.waitFor("listening on port", 20_000);
    await once(server.#wire.listen(0, "127.0.0.1"), "listening");
    server.port = server.#wire.address().port;
    return server;
  }

  #carry(from) {
    const to = net.connect(this.#own, "127.0.0.1");
    from.on("data", (bytes) => (this.received += bytes));
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  }

  /** How often the server wrote this line or the beginning of it. */
  count(text) {
    return this.output.split("\n").filter((line) => line.startsWith(text)).length;
  }

  async stop() {
    await this.kill();
    this.#wire.close();
  }
}

/** Progress arrives before the answer, which is what streaming is for. */
export async function progress(client) {
  const seen = [];
  const params = { name: "trigger-long-running-operation", arguments: { duration: 1, steps: 3 } };
  const options = { onprogress: (p) => seen.push(p.progress) };
  const result = client instanceof previousClient ? await client.callTool(params, undefined, options) : await client.callTool(params, options);
  assert.ok(!result.isError, JSON.stringify(result));
  assert.deepEqual(seen, [1, 2, 3], "progress");
}
