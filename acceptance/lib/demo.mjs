// Starting and ending cmd/demo.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { Program, freePorts } from "./program.mjs";

const binary = fileURLToPath(new URL("../out/demo", import.meta.url));
const readyWithin = 30_000;

/** The demo, running. url is what an assistant is told, issuer the server's origin. */
export class Demo extends Program {
  /**
   * Starts the demo on free ports and waits until it says that it is ready. caddyfile is served in
   * place of its own, with env in its environment.
   */
  static async start({ tokenLifetime, deployment, caddyfile, env } = {}) {
    const demo = new Demo();
    demo.#at("http://localhost", await freePorts(4));
    const args = ["--port", String(demo.port)];
    if (tokenLifetime) args.push("--token-lifetime", `${tokenLifetime}s`);
    if (deployment) args.push("--deployment", deployment);
    if (caddyfile) args.push("--caddyfile", caddyfile);
    demo.run(binary, args, { ...process.env, ...env });
    await demo.waitFor(demo.url, readyWithin);
    return demo;
  }

  /**
   * Starts the stand-ins alone, for a Caddy that the test starts at port with environment, and
   * whose public URL is this origin at that port.
   */
  static async startWithoutCaddy(origin) {
    const demo = new Demo();
    demo.#at(origin, await freePorts(4));
    const args = ["--port", String(demo.port), "--public-url", demo.issuer];
    demo.run(binary, args, process.env);
    await demo.waitFor(demo.url, readyWithin);
    demo.environment = parseEnv(execFileSync(binary, ["--env", ...args], { encoding: "utf8" }));
    return demo;
  }

  #at(origin, port) {
    this.port = port;
    this.issuer = `${origin}:${port}`;
    this.url = `${this.issuer}/mcp`;
  }
}
