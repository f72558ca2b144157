// Starting and ending cmd/demo.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../out/demo", import.meta.url));
const readyWithin = 30_000;
const endedWithin = 15_000;

/** The demo, running. url is what an assistant is told, issuer the server's origin. */
export class Demo {
  #process;
  #ended;
  #output = "";

  /**
   * Starts the demo on free ports and waits until it says that it is ready. caddyfile is served in
   * place of its own, with env in its environment.
   */
  static async start({ tokenLifetime, deployment, caddyfile, env } = {}) {
    assert.ok(existsSync(binary), `${binary} is missing: acceptance/run.sh builds it`);
    const port = await freePorts(4);
    const demo = new Demo();
    demo.issuer = `http://localhost:${port}`;
    demo.url = `${demo.issuer}/mcp`;
    const args = ["--port", String(port)];
    if (tokenLifetime) args.push("--token-lifetime", `${tokenLifetime}s`);
    if (deployment) args.push("--deployment", deployment);
    if (caddyfile) args.push("--caddyfile", caddyfile);
    demo.#run(args, { ...process.env, ...env });
    await demo.waitFor(demo.url, readyWithin);
    return demo;
  }

  #run(args, env) {
    this.#process = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"], env });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.#output += text));
    }
    this.#ended = new Promise((resolve) => this.#process.once("close", (code, signal) => resolve({ code, signal })));
  }

  get output() {
    return this.#output;
  }

  /** The lines of the output that hold all of these texts. */
  lines(...texts) {
    return this.#output.split("\n").filter((line) => texts.every((text) => line.includes(text)));
  }

  /** Waits until the output holds a text. */
  async waitFor(text, within = 5_000) {
    for (const deadline = Date.now() + within; !this.#output.includes(text); await sleep(50)) {
      assert.equal(this.#process.exitCode, null, `the demo ended:\n${this.#output}`);
      assert.ok(Date.now() < deadline, `the demo did not say ${JSON.stringify(text)} within ${within} ms:\n${this.#output}`);
    }
  }

  /** Ends the demo and fails unless it ends by itself, in time and without an error. */
  async stop() {
    this.#process.kill("SIGTERM");
    const ended = await Promise.race([this.#ended, sleep(endedWithin, "late", { ref: false })]);
    if (ended === "late") {
      this.#process.kill("SIGKILL");
      await this.#ended;
      assert.fail(`the demo was still running ${endedWithin} ms after SIGTERM:\n${this.#output}`);
    }
    assert.deepEqual(ended, { code: 0, signal: null }, `the demo ended badly:\n${this.#output}`);
    assert.doesNotMatch(this.#output, /panic|goroutine \d+ \[/, "the demo panicked");
  }
}

/** The first of so many consecutive ports on which nothing listens. */
export async function freePorts(count) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
  assert.fail(`no ${count} consecutive free ports found`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
