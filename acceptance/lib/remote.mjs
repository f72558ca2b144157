// mcp-remote as an MCP host starts it: a process that speaks MCP on its standard input and output,
// keeps what it needs in its home folder, and opens a browser when somebody has to sign in.

import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Home } from "./home.mjs";

const proxy = fileURLToPath(new URL("../node_modules/mcp-remote/dist/proxy.js", import.meta.url));

/** What mcp-remote calls itself. */
export const clientName = "MCP CLI Proxy";

/** A person's machine with mcp-remote on it. */
export class Remote extends Home {
  clients = [];

  /** Starts mcp-remote and connects to it. */
  async connect(url, args) {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [proxy, url, ...args],
      stderr: "pipe",
      env: this.environment(clientName),
    });
    let said = "";
    transport.stderr.on("data", (text) => (said += text));
    const client = new Client({ name: "a host", version: "1" });
    this.clients.push(client);
    try {
      await client.connect(transport, { timeout: 40_000 });
    } catch (error) {
      await transport.close();
      throw new Error(`${error.message}\nbrowser: ${this.visits.join("\n")}\nmcp-remote:\n${said}`);
    }
    return client;
  }

  /** Ends what is still connected, so that a test that failed leaves no process that holds the run. */
  async remove() {
    await Promise.all(this.clients.map((client) => client.close()));
    super.remove();
  }
}
