/** One contract that several services of a process host, each for its own objects. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InProcessNetwork, Mesh, meshErrors } from "../src/index.ts";
import { note, noteHandlers, noteService } from "../src/testing/index.ts";
import { all, errorOf } from "./notes.ts";
import { quietFoundation } from "./pairs.ts";

const handlersOf = (service: string) =>
  noteHandlers({
    get: () => note({ text: service }),
    async *list() {
      yield note({ text: service });
    },
  });

for (const transport of ["in-process", "grpc"] as const) {
  describe(`a contract that several services host, ${transport}`, () => {
    const settings = { transport, listen: "127.0.0.1:0" };

    it("is served by the requested service, for each kind of call", async () => {
      const network = new InProcessNetwork();
      const server = new Mesh({ foundation: quietFoundation, settings, network });
      for (const service of ["workflow", "swarm"])
        server.serve(noteService, handlersOf(service), { service });
      await server.start();
      const peers = { workflow: [server.address], swarm: [server.address], notes: [server.address] };
      const grpc = { ...settings, peers };
      const client = new Mesh({
        foundation: quietFoundation,
        settings: transport === "grpc" ? grpc : settings,
        network,
      });
      try {
        for (const service of ["workflow", "swarm"]) {
          const notes = client.client(noteService, { service });
          assert.equal((await notes.get(note())).text, service);
          assert.deepEqual(
            (await all(notes.list(note()))).map(({ text }) => text),
            [service],
          );
        }
        assert.equal(server.server.contracts.filter((name) => name === noteService.name).length, 1);
        assert.throws(
          () => server.serve(noteService, handlersOf("swarm"), { service: "swarm" }),
          /to be served once by swarm, but it is served already/,
        );
        if (transport === "in-process") return;
        // A call that names no service while there are several gets an error, instead of any of them.
        const nameless = await errorOf(client.client(noteService).get(note()));
        assert.ok(meshErrors.noHandler.is(nameless), nameless.message);
      } finally {
        await client.stop();
        await server.stop();
      }
    });
  });
}
