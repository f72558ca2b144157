// The same way against Jira Data Center and Confluence Data Center.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Demo } from "../lib/demo.mjs";
import { everything } from "../lib/journey.mjs";
import { Person } from "../lib/person.mjs";
import { Assistant, current } from "../lib/typescript.mjs";

describe("Data Center", () => {
  let demo;
  before(async () => (demo = await Demo.start({ deployment: "datacenter" })));
  after(() => demo?.stop());

  it("client 2.4 auto: sign-in and tools", { timeout: 60_000 }, async () => {
    const name = "Client for Data Center";
    const assistant = new Assistant(current("auto"), { name, person: new Person("Ben Okafor"), url: demo.url });
    const client = await assistant.signIn();
    await everything(client);
    assert.equal(assistant.provider.signIns, 1);
    await client.close();
  });
});
