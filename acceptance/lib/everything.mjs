// @modelcontextprotocol/server-everything, an MCP server that knows nothing of signing in.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "./demo.mjs";

const program = fileURLToPath(new URL("../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url));
const readyWithin = 20_000;

export class Everything {
  #process;
  #output = "";

  static async start() {
    const server = new Everything();
    server.port = await freePorts(1);
    server.#process = spawn(process.execPath, [program, "streamableHttp"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, PORT: String(server.port) },
    });
    for (const stream of [server.#process.stdout, server.#process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (server.#output += text));
    }
    for (const deadline = Date.now() + readyWithin; !server.#output.includes("listening on port"); await sleep(50)) {
      assert.equal(server.#process.exitCode, null, `the server ended:\n${server.#output}`);
      assert.ok(Date.now() < deadline, `the server is not ready:\n${server.#output}`);
    }
    return server;
  }

  /** How often the server wrote this line or the beginning of it. */
  count(text) {
    return this.#output.split("\n").filter((line) => line.startsWith(text)).length;
  }

  async stop() {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("close", resolve));
    this.#process.kill("SIGKILL");
    await ended;
  }
}
