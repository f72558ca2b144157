// Starting, reloading and ending Caddy with the plugin, as an operator does.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Program } from "./program.mjs";

const execute = promisify(execFile);
const binary = process.env.CADDY || fileURLToPath(new URL("../out/caddy", import.meta.url));

export class Caddy extends Program {
  #directory = mkdtempSync(path.join(tmpdir(), "caddy-"));
  #caddyfile;
  #env;

  /**
   * Starts Caddy with a Caddyfile and an environment, which has CADDY_STORAGE beside what it is
   * given, and waits until it serves.
   */
  static async start(caddyfile, env) {
    const caddy = new Caddy();
    caddy.#caddyfile = ["--config", caddyfile, "--adapter", "caddyfile"];
    caddy.#env = { PATH: process.env.PATH, HOME: caddy.#directory, CADDY_STORAGE: caddy.#directory, ...env };
    caddy.run(binary, ["run", ...caddy.#caddyfile], caddy.#env);
    await caddy.waitFor("serving initial configuration", 20_000);
    return caddy;
  }

  /** Serves the Caddyfile again, with these changes to the environment. The admin endpoint is at address. */
  async reload(address, changes) {
    await execute(binary, ["reload", ...this.#caddyfile, "--address", address], { env: { ...this.#env, ...changes } });
  }

  /** The root certificate of Caddy's own authority, once it has signed for all of these hosts. */
  async authority(...hosts) {
    for (const host of hosts) await this.waitFor(`"msg":"certificate obtained successfully","identifier":"${host}","issuer":"local"`, 20_000);
    return readFileSync(path.join(this.#directory, "pki/authorities/local/root.crt"), "utf8");
  }

  /** What the log says with this message, oldest first. */
  records(msg) {
    return this.lines(`"msg":${JSON.stringify(msg)}`).map((line) => JSON.parse(line));
  }

  stop() {
    return super.stop().finally(() => rmSync(this.#directory, { recursive: true }));
  }
}
