/**
 * Requests that are refused before their handler: a listener of the serving process is notified, and cannot change the
 * result.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InProcessNetwork, localIdentity, Mesh, meshErrors } from "../src/index.ts";
import { type Note, note, noteHandlers, noteService } from "../src/testing/index.ts";
import { all, errorOf } from "./notes.ts";
import { quietFoundation } from "./pairs.ts";

for (const transport of ["in-process", "grpc"] as const)
  describe(`a request that is refused, ${transport}`, () => {
    const settings = { transport, listen: "127.0.0.1:0" };

    it("is reported to the listener for refusals, with its caller and the reason, and never to the handler", async () => {
      const network = new InProcessNetwork();
      const gate = {
        identity: localIdentity,
        authorizer: { authorize: () => ({ allowed: false as const, reason: "nobody may" }) },
      };
      const server = new Mesh({ foundation: quietFoundation, settings, network, gate });
      const refusals: string[] = [];
      const onRefused = (request: unknown, error: Error, { principal }: { principal: { id: string } }) =>
        void refusals.push(`${principal.id} ${(request as Note).text}: ${error.message}`);
      const never = () => assert.fail("the handler sees nothing that was refused");
      const handlers = {
        ...noteHandlers({ get: never, put: never }),
        async *talk(requests: AsyncIterable<Note>) {
          for await (const request of requests) yield never() ?? request;
        },
      };
      server.serve(noteService, handlers, { refused: { get: onRefused, talk: onRefused } });
      await server.start();
      const peers = { notes: [server.address] };
      const client = new Mesh({
        ...{ foundation: quietFoundation, network },
        settings: transport === "grpc" ? { ...settings, peers } : settings,
      });
      try {
        const notes = client.client(noteService);
        const requests = async function* () {
          yield note({ text: "talked" });
        };
        for (const call of [
          () => notes.get(note({ text: "got" })),
          () => all(notes.talk(requests())),
          () => notes.put(note()),
        ])
          assert.ok(meshErrors.denied.is(await errorOf(call())));
        assert.deepEqual(refusals.map((text) => text.split(":")[0]).sort(), [
          "local-admin got",
          "local-admin talked",
        ]);
        assert.match(refusals[0] ?? "", /nobody may/);
      } finally {
        await client.stop();
        await server.stop();
      }
    });
  });
