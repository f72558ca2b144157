// The MCP Inspector's command line: one process for each request. It signs its person in when it is
// refused for the first time, and keeps the tokens in its home folder.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Home } from "./home.mjs";

const launcher = fileURLToPath(new URL("../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js", import.meta.url));

/** What the Inspector calls itself. */
export const clientName = "MCP Inspector";

/** A person's machine with the Inspector on it. */
export class Inspector extends Home {
  /** Makes one request and returns the exit code, and what was said on both outputs. */
  run(url, ...args) {
    const env = { ...this.environment(clientName), MCP_AUTO_OPEN_ENABLED: "true", MCP_INSPECTOR_SECRET_STORE: "file" };
    const all = [launcher, "--cli", url, "--transport", "http", "--format", "json", ...args];
    return new Promise((resolve) => {
      execFile(process.execPath, all, { env, timeout: 60_000, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
        resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr });
      });
    });
  }
}
