// The command that stands in for a browser when an assistant opens one by itself. It takes a URL,
// signs in as $WALK_PERSON for the client $WALK_CLIENT, calls the assistant's redirect URI, and
// writes one line for each call to $WALK_LOG.

import { appendFileSync } from "node:fs";
import { Person } from "./person.mjs";

const { WALK_LOG: log, WALK_PERSON: name, WALK_CLIENT: client } = process.env;

try {
  const end = await new Person(name).signIn(process.argv[2], { client });
  const response = await fetch(end);
  await response.text();
  appendFileSync(log, `signed in, and the assistant answered ${response.status}\n`);
} catch (error) {
  appendFileSync(log, `failed: ${error.message.replaceAll("\n", " ")}\n`);
  process.exitCode = 1;
}
