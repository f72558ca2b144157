// A program that a test starts, listens to, and ends.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const endedWithin = 15_000;

export class Program {
  #process;
  #ended;
  #output = "";

  /** Runs a binary that acceptance/run.sh has built. */
  run(binary, args, env) {
    assert.ok(binary && existsSync(binary), `${binary} is missing: acceptance/run.sh builds it`);
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

  /** Waits until the output holds a text. A program that does not say it is ended, so that no test hangs. */
  async waitFor(text, within = 5_000) {
    for (const deadline = Date.now() + within; !this.#output.includes(text); await sleep(50)) {
      assert.equal(this.#process.exitCode, null, `the program ended:\n${this.#output}`);
      if (Date.now() < deadline) continue;
      await this.kill();
      assert.fail(`the program did not say ${JSON.stringify(text)} within ${within} ms:\n${this.#output}`);
    }
  }

  /** Ends the program and fails unless it ends by itself, in time and without an error. */
  async stop() {
    this.#process.kill("SIGTERM");
    const ended = await Promise.race([this.#ended, sleep(endedWithin, "late", { ref: false })]);
    if (ended === "late") {
      await this.kill();
      assert.fail(`the program was still running ${endedWithin} ms after SIGTERM:\n${this.#output}`);
    }
    assert.deepEqual(ended, { code: 0, signal: null }, `the program ended badly:\n${this.#output}`);
    assert.doesNotMatch(this.#output, /panic|goroutine \d+ \[/, "the program panicked");
  }

  /** Ends a program that would not end by itself. */
  async kill() {
    this.#process.kill("SIGKILL");
    await this.#ended;
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
