// mcp-remote as an MCP host starts it: a process that speaks MCP on its standard input and output,
// keeps what it needs in its home folder, and opens a browser when somebody has to sign in.

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const proxy = fileURLToPath(new URL("../node_modules/mcp-remote/dist/proxy.js", import.meta.url));
const walk = fileURLToPath(new URL("walk.mjs", import.meta.url));

/** What mcp-remote calls itself. */
export const clientName = "MCP CLI Proxy";

/** A home folder with a browser in it that signs in as one person. */
export class Home {
  constructor(person) {
    this.directory = mkdtempSync(path.join(tmpdir(), "mcp-remote-"));
    this.log = path.join(this.directory, "browser.log");
    this.browser = path.join(this.directory, "xdg-open");
    this.person = person;
    this.clients = [];
    writeFileSync(this.browser, `#!/bin/sh\nexec '${process.execPath}' '${walk}' "$1"\n`);
    chmodSync(this.browser, 0o755);
  }

  /** One line for each time that the browser was opened. */
  get visits() {
    return existsSync(this.log) ? readFileSync(this.log, "utf8").trimEnd().split("\n") : [];
  }

  /** Starts mcp-remote and connects to it. */
  async connect(url, args) {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [proxy, url, ...args],
      stderr: "pipe",
      env: {
        HOME: this.directory,
        PATH: `${this.directory}:${process.env.PATH}`,
        BROWSER: this.browser,
        WALK_PERSON: this.person,
        WALK_CLIENT: clientName,
        WALK_LOG: this.log,
      },
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
    rmSync(this.directory, { recursive: true });
  }
}
