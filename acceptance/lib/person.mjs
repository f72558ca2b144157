// A person with a browser but without a screen: opens the authorization URL of an assistant, reads
// the consent page, approves, signs in at Entra, and ends where the assistant waits.

import assert from "node:assert/strict";
import { CookieJar } from "tough-cookie";
import { readPage } from "./html.mjs";

const redirects = new Set([301, 302, 303, 307, 308]);
const loopback = /^(([^.]+\.)?localhost|127\.0\.0\.1|\[::1\])$/;
const mostHops = 12;

export class Person {
  #jar = new CookieJar();

  constructor(name) {
    this.name = name;
  }

  /**
   * Follows an authorization URL to its end and returns the URL that the assistant's redirect URI
   * is called with, without calling it. Fails unless the consent page was shown, on the server's
   * own origin, naming the server's host, the client and where access goes.
   */
  async signIn(authorizationURL, { client }) {
    const start = new URL(authorizationURL);
    const redirectURI = new URL(start.searchParams.get("redirect_uri"));
    const consent = await this.#open(start, redirectURI);
    this.#readConsent(consent, { start, redirectURI, client });
    let at = await this.#press(consent, (b) => b.name === "decision" && b.value === "approve", redirectURI);
    if (at.page) {
      assert.notEqual(at.page.url.origin, start.origin, `after approval a page of the server was shown: ${at.page.text}`);
      at = await this.#press(at, (b) => b.text.includes(this.name), redirectURI);
    }
    assert.ok(at.end, `the sign-in ended on a page: ${at.page?.text}`);
    return at.end;
  }

  #readConsent({ page, end }, { start, redirectURI, client }) {
    assert.equal(end, undefined, `no consent page was shown: the browser was sent straight to ${end?.origin}`);
    assert.equal(page.url.origin, start.origin, "the consent page is not on the server's own origin");
    assert.ok(page.forms[0]?.buttons.some((b) => b.value === "approve"), `this is no consent page: ${page.text}`);
    for (const wanted of [client, start.host, redirectURI.hostname]) {
      assert.ok(page.text.includes(wanted), `the consent page does not say ${wanted}: ${page.text}`);
    }
  }

  /** Submits the first form of a page with the button that fits. */
  async #press({ page }, fits, redirectURI) {
    const form = page.forms[0];
    const button = form?.buttons.find(fits);
    assert.ok(button, `no such button on the page: ${page.text}`);
    assert.equal(form.method, "POST");
    const body = new URLSearchParams([...form.fields, [button.name, button.value]]);
    return this.#open(form.action, redirectURI, { body, from: page.url });
  }

  /** Goes to a URL as a browser would, through redirects, to the next page or to the redirect URI. */
  async #open(url, redirectURI, submission) {
    let next = new URL(url);
    let form = submission;
    for (let hop = 0; hop < mostHops; hop++) {
      if (next.origin === redirectURI.origin && next.pathname === redirectURI.pathname) return { end: next };
      assert.ok(loopback.test(next.hostname), `a redirect leads away from this machine, to ${next.host}`);
      const response = await this.#send(next, form);
      if (!redirects.has(response.status)) return { page: await this.#show(response, next) };
      const preserved = response.status === 307 || response.status === 308;
      next = new URL(response.headers.get("location"), next);
      form = preserved ? form : undefined;
      await response.body?.cancel();
    }
    assert.fail(`more than ${mostHops} redirects, the last one to ${next.origin}${next.pathname}`);
  }

  async #send(url, form) {
    const headers = { accept: "text/html", cookie: await this.#jar.getCookieString(url.href) };
    if (form) {
      headers.origin = form.from.origin;
      headers["sec-fetch-site"] = form.from.origin === url.origin ? "same-origin" : "same-site";
    }
    const response = await fetch(url, { method: form ? "POST" : "GET", headers, body: form?.body, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) await this.#jar.setCookie(cookie, url.href);
    return response;
  }

  async #show(response, url) {
    const body = await response.text();
    const page = readPage(body, url);
    const type = response.headers.get("content-type") ?? "";
    assert.ok(type.startsWith("text/html"), `${url.origin}${url.pathname} answered ${response.status} ${type}: ${body.slice(0, 300)}`);
    assert.equal(response.status, 200, `${url.origin}${url.pathname} answered ${response.status}: ${page.text}`);
    return page;
  }
}
