// How this process reaches a server: fetch of Node can neither trust an authority, nor resolve a
// name, nor choose a version of HTTP by itself.

import { Agent, buildConnector, install, setGlobalDispatcher } from "undici";

const here = (hostname, options, done) => (options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4));

/**
 * What to give fetch as dispatcher. Every name is found on this machine, ca is trusted, and version
 * 2 of HTTP is spoken where the server speaks it, otherwise 1. from is the address that the server
 * sees, port one to connect to in place of that in the URL. spoken collects what was agreed with
 * servers over TLS.
 */
export function network({ ca, version = 1, from, port }) {
  const connect = buildConnector({ ca, allowH2: version === 2, lookup: here });
  const spoken = new Set();
  const agent = new Agent({
    allowH2: version === 2,
    connect: (options, done) =>
      connect({ ...options, localAddress: from, port: port ?? options.port }, (error, socket) => {
        if (socket?.encrypted) spoken.add(socket.alpnProtocol);
        done(error, socket);
      }),
  });
  return Object.assign(agent, { spoken });
}

/** Makes every fetch of this process go over a network. */
export function use(dispatcher) {
  install();
  setGlobalDispatcher(dispatcher);
}
