// A home folder for a program that a person starts, with a browser in it that signs them in.

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const walk = fileURLToPath(new URL("walk.mjs", import.meta.url));

export class Home {
  constructor(person) {
    this.directory = mkdtempSync(path.join(tmpdir(), "acceptance-home-"));
    this.log = path.join(this.directory, "browser.log");
    this.browser = path.join(this.directory, "xdg-open");
    this.person = person;
    writeFileSync(this.browser, `#!/bin/sh\nexec '${process.execPath}' '${walk}' "$1"\n`);
    chmodSync(this.browser, 0o755);
  }

  /** One line for each time that the browser was opened. */
  get visits() {
    return existsSync(this.log) ? readFileSync(this.log, "utf8").trimEnd().split("\n") : [];
  }

  /** The environment of a program whose registration has this name. */
  environment(clientName) {
    return {
      HOME: this.directory,
      PATH: `${this.directory}:${process.env.PATH}`,
      BROWSER: this.browser,
      WALK_PERSON: this.person,
      WALK_CLIENT: clientName,
      WALK_LOG: this.log,
    };
  }

  remove() {
    rmSync(this.directory, { recursive: true });
  }
}
