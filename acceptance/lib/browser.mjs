// Debian's Chromium with a fresh profile, watched: what it asks for, what it complains about, what
// axe finds on a page.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const screenshots = fileURLToPath(new URL("../out/screenshots/", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const flags = [
  "--no-sandbox", // containers have no user namespaces for it
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];

/** Starts Chromium. It keeps what it needs in a new folder that goes with it. */
export function launch() {
  assert.ok(existsSync(executablePath), `${executablePath} is missing: install chromium or set CHROMIUM`);
  return chromium.launch({ executablePath, args: flags });
}

/** One window with one page, with cookies and storage of its own. */
export class Window {
  #hosts = new Set();
  #complaints = [];

  static async open(browser, { width = 1280, height = 900, colorScheme = "light" } = {}) {
    const window = new Window();
    window.context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: 2, colorScheme });
    window.context.on("request", (request) => window.#hosts.add(new URL(request.url()).hostname));
    window.context.on("weberror", (error) => window.#complaints.push(String(error.error())));
    window.context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) window.#complaints.push(message.text());
    });
    window.page = await window.context.newPage();
    return window;
  }

  async screenshot(name) {
    mkdirSync(screenshots, { recursive: true });
    await this.page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
  }

  /** Fails when axe finds a violation on the page. */
  async checkAccessibility() {
    await this.page.evaluate(axe);
    const { violations, passes } = await this.page.evaluate(() => globalThis.axe.run(document));
    assert.ok(passes.length > 10, "axe checked next to nothing");
    const found = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.html} ${n.failureSummary}`).join("; ")}`);
    assert.deepEqual(found, [], `on ${this.page.url().split("?")[0]}`);
  }

  /** Fails when the page is wider than the window. */
  async checkWidth() {
    const { content, shown } = await this.page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      shown: document.documentElement.clientWidth,
    }));
    assert.ok(content <= shown, `the page is ${content} pixels wide in a window of ${shown}`);
  }

  /** Fails when one of these elements cannot be seen without scrolling. */
  async checkInView(locator) {
    const { height } = this.page.viewportSize();
    const elements = await locator.all();
    assert.notEqual(elements.length, 0, "nothing to look for");
    for (const element of elements) {
      const { y, height: own } = await element.boundingBox();
      assert.ok(y >= 0 && y + own <= height, `${await element.innerText()} ends at ${y + own} of ${height} pixels`);
    }
  }

  /** Presses Tab until an element with this name has the focus. */
  async tabTo(name) {
    for (let i = 0; i < 20; i++) {
      await this.page.keyboard.press("Tab");
      const focused = await this.page.evaluate(() => document.activeElement?.innerText ?? "");
      if (focused.includes(name)) return;
    }
    assert.fail(`${name} cannot be reached with Tab`);
  }

  /** Fails when the element that has the focus does not show it. */
  async checkFocusIsVisible() {
    const outline = await this.page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { outlineStyle, width: parseFloat(outlineWidth) };
    });
    assert.ok(outline.outlineStyle !== "none" && outline.width >= 2, JSON.stringify(outline));
  }

  /** Closes the window and fails when it left this machine or complained about more than allowed. */
  async close({ allowed = /(?!)/ } = {}) {
    await this.context.close();
    const foreign = [...this.#hosts].filter((host) => !["localhost", "127.0.0.1"].includes(host));
    assert.deepEqual(foreign, [], "hosts other than this machine");
    assert.deepEqual(this.#complaints.filter((c) => !allowed.test(c)), [], "the browser's console");
  }
}
