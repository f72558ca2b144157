// A person with a real browser on the real pages: the way through, and what is shown when there is
// none. The screenshots stay in acceptance/out/screenshots.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, Window } from "../lib/browser.mjs";
import { Callback } from "../lib/callback.mjs";
import { Demo } from "../lib/demo.mjs";

const approve = "Approve and sign in";
const timeout = 60_000;

// What Chromium writes into the console when a page's own status says that something went wrong.
const ownStatus = /the server responded with a status of 4\d\d/;

describe("browser", () => {
  let demo, chromium;
  before(async () => {
    demo = await Demo.start();
    chromium = await launch();
  });
  after(async () => {
    await chromium?.close();
    await demo?.stop();
  });

  /** Opens the consent page of a client. Both are closed with the test. */
  async function openConsent(t, { name = "Claude Code", redirectURI, allowed, ...size } = {}) {
    const callback = await Callback.listen(demo, name, { redirectURI });
    const window = await Window.open(chromium, size);
    // In this order: the window may still be asking the assistant for an icon.
    t.after(() => window.close({ allowed }));
    t.after(() => callback.close());
    const response = await window.page.goto(callback.authorizationURL);
    assert.equal(response.status(), 200);
    return { callback, window, page: window.page, response };
  }

  it("goes from consent through sign-in to the assistant", { timeout }, async (t) => {
    const { callback, window, page, response } = await openConsent(t);
    assert.match(response.headers()["content-security-policy"], /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(await page.locator("script").count(), 0, "scripts on the consent page");
    await window.checkAccessibility();
    await window.checkInView(page.getByRole("button"));
    await window.screenshot("consent-light");

    await page.getByRole("button", { name: approve }).click();
    await page.waitForURL((url) => url.origin !== demo.issuer);
    await window.checkAccessibility();
    await window.screenshot("sign-in");

    await page.getByRole("button", { name: "Ada Keller" }).click();
    await page.waitForURL(`${callback.redirectURI}?*`);
    const tokens = await callback.redeem();
    assert.equal(tokens.token_type.toLowerCase(), "bearer");
    const cookies = await window.context.cookies(demo.issuer);
    assert.deepEqual(cookies.filter((c) => c.name.includes("sign-in")), [], "the transaction's cookie is still there");
  });

  it("shows the consent page in the dark", { timeout }, async (t) => {
    const { window } = await openConsent(t, { colorScheme: "dark" });
    await window.checkAccessibility();
    await window.screenshot("consent-dark");
    await window.page.getByText("Technical details").click();
    await window.checkAccessibility();
    await window.screenshot("consent-dark-details");
  });

  const destinations = [
    { shot: "consent-web", name: "Claude", redirectURI: "https://claude.ai/api/mcp/auth_callback", shown: "claude.ai" },
    { shot: "consent-app", name: "Cursor", redirectURI: "cursor://anysphere.cursor-mcp/oauth/callback", shown: "An app on this device" },
  ];
  for (const { shot, shown, ...client } of destinations) {
    it(`says that access goes to ${shown}`, { timeout }, async (t) => {
      const { window, page } = await openConsent(t, client);
      assert.ok((await page.getByRole("main").innerText()).includes(shown));
      await window.checkAccessibility();
      await window.screenshot(shot);
    });
  }

  it("fits a window of 380 pixels", { timeout }, async (t) => {
    const { window, page } = await openConsent(t, { width: 380, height: 780 });
    await window.checkWidth();
    await window.checkInView(page.getByRole("button"));
    await window.checkAccessibility();
    await window.screenshot("consent-380");
    await page.getByText("Technical details").click();
    await window.checkWidth();
    await page.getByRole("button", { name: approve }).click();
    await page.waitForURL((url) => url.origin !== demo.issuer);
    await window.checkWidth();
    for (const email of await page.getByText("@contoso.example").all()) {
      assert.ok((await email.boundingBox()).height < 30, `${await email.innerText()} is broken`);
    }
    await window.screenshot("sign-in-380");
  });

  for (const [where, redirectURI] of [["loopback"], ["web", "https://claude.ai/api/mcp/auth_callback"]]) {
    it(`fits a long name without a space, ${where}`, { timeout }, async (t) => {
      const { window } = await openConsent(t, { name: "W".repeat(60), redirectURI, width: 380, height: 780 });
      await window.screenshot(`consent-380-long-name-${where}`);
      await window.checkWidth();
    });
  }

  it("needs nothing but a keyboard", { timeout }, async (t) => {
    const { callback, window, page } = await openConsent(t);
    await window.tabTo(approve);
    await window.checkFocusIsVisible();
    await window.screenshot("consent-focus");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.origin !== demo.issuer);
    await window.tabTo("Ben Okafor");
    await window.checkFocusIsVisible();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${callback.redirectURI}?*`);
    await callback.redeem();
  });

  it("leads back to the assistant when the person cancels", { timeout }, async (t) => {
    for (const where of ["consent", "sign-in"]) {
      const { callback, page } = await openConsent(t);
      if (where === "sign-in") {
        await page.getByRole("button", { name: approve }).click();
        await page.waitForURL((url) => url.origin !== demo.issuer);
      }
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.waitForURL(`${callback.redirectURI}?*`);
      const parameters = await callback.arrival();
      assert.equal(parameters.get("error"), "access_denied", where);
      assert.equal(parameters.get("code"), null, where);
    }
  });

  it("explains an unknown client", { timeout }, async (t) => {
    const window = await Window.open(chromium);
    t.after(() => window.close({ allowed: ownStatus }));
    const response = await window.page.goto(`${demo.issuer}/oauth/authorize?response_type=code&client_id=nobody`);
    assert.equal(response.status(), 400);
    await window.checkAccessibility();
    await window.screenshot("error-unknown-client");
  });

  it("explains a sign-in that Entra refuses", { timeout }, async (t) => {
    const { callback, window, page } = await openConsent(t, { width: 380, height: 780, allowed: ownStatus });
    const state = await approveAndReadState(page, demo);
    // What Entra sends when somebody is not assigned to the application.
    const refusal = new URLSearchParams({
      error: "access_denied",
      error_description: "AADSTS50105: Your administrator has configured the application to block users unless they are specifically granted access. Trace ID: 2b0c7a52-7a57-4ac1-9a2b-6a3a5a3b0a00 Correlation ID: 0f5c9c3e-9b0e-4b5e-8f5e-2f3b7a1c0d00 Timestamp: 2026-11-23 09:00:00Z",
      state,
    });
    const response = await page.goto(`${demo.issuer}/oauth/callback?${refusal}`);
    assert.equal(response.status(), 403);
    await window.checkAccessibility();
    await window.checkWidth();
    await window.screenshot("error-refused-380");
    await page.setViewportSize({ width: 1280, height: 900 });
    await window.screenshot("error-refused");
    await page.emulateMedia({ colorScheme: "dark" });
    await window.checkAccessibility();
    await window.screenshot("error-refused-dark");
    await page.getByRole("link", { name: "Return to" }).click();
    assert.equal((await callback.arrival()).get("error"), "access_denied");
  });

  it("asks again after going back, and goes on from there", { timeout }, async (t) => {
    const { callback, page } = await openConsent(t);
    await approveAndReadState(page, demo);
    await page.goBack();
    await approveAndReadState(page, demo);
    await page.getByRole("button", { name: "Ada Keller" }).click();
    await page.waitForURL(`${callback.redirectURI}?*`);
    await callback.redeem();
  });

  it("takes a form once only", { timeout }, async (t) => {
    const { callback, window, page } = await openConsent(t, { allowed: ownStatus });
    const field = page.locator("input[name=transaction]");
    const form = await field.inputValue();
    await approveAndReadState(page, demo);
    await page.goto(callback.authorizationURL);
    await field.evaluate((input, value) => (input.value = value), form);
    await page.getByRole("button", { name: approve }).click();
    await page.getByText("Nothing was allowed").waitFor();
    assert.equal(new URL(page.url()).origin, demo.issuer);
    await window.checkAccessibility();
    await window.screenshot("error-used-form");
  });
});

/** Approves and returns the state that the browser was sent to Entra with. */
async function approveAndReadState(page, demo) {
  await page.getByRole("button", { name: approve }).click();
  await page.waitForURL((url) => url.origin !== demo.issuer);
  return new URL(page.url()).searchParams.get("state");
}
