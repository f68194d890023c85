import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { journalErrors } from "@tutti/journal";
import { jetstreamErrors, openJetStream, streamOf } from "@tutti/journal/jetstream";
import { Owner } from "@tutti/journal/testing";
import { recordingLogger } from "@tutti/kernel/testing";
import { NatsConnection, natsErrors } from "@tutti/nats";
import {
  connectionTo,
  natsServerProgram,
  startGreeter,
  startNatsServer,
  testSettings,
} from "@tutti/nats/testing";
import { serverConfiguration, signal } from "./jetstream.fixture.ts";

const program = await natsServerProgram();
const services = [{ service: "workflow", partitions: 1 }];

describe("opening a journal on JetStream", () => {
  it("is refused on a server before 2.10.27, which can acknowledge two owners", async () => {
    await using greeter = await startGreeter({ version: "2.10.26" });
    await assert.rejects(
      () => connectionTo([greeter.address]),
      (error: unknown) => natsErrors.serverTooOld.is(error) && /older than 2\.10\.27/.test(error.message),
    );
  });

  describe("on real servers", { skip: program.skip }, () => {
    const accounts = `${serverConfiguration}
accounts {
  SYSTEM { users: [{ user: system, password: s }] }
  TUTTI { jetstream: enabled, users: [{ user: tutti, password: t }] }
}
system_account: SYSTEM`;
    const as = (user: string, password: string) => ({
      credentials: { kind: "password" as const, user, password: () => password },
    });

    async function systemConnection(address: string): Promise<NatsConnection> {
      const settings = testSettings([address], as("system", "s"));
      const system = new NatsConnection({ settings, jetstream: false });
      await system.start({ signal });
      return system;
    }

    it("is refused if messages cannot have 8 MiB", async () => {
      await using server = await startNatsServer();
      await using connection = await connectionTo([server.address]);
      await assert.rejects(
        () => openJetStream({ connection, services }, signal),
        (error: unknown) => {
          assert.ok(jetstreamErrors.payloadTooSmall.is(error));
          assert.match(
            error.message,
            /is 1048576, and the journal needs 8388608 bytes\. Set `max_payload: 8MB`/,
          );
          return true;
        },
      );
    });

    it("is refused with three replicas on a single server, and for names that no stream can have", async () => {
      await using server = await startNatsServer({ configuration: serverConfiguration });
      await using connection = await connectionTo([server.address]);
      await assert.rejects(
        () => openJetStream({ connection, services, replicas: 3 }, signal),
        (error: unknown) => {
          assert.ok(jetstreamErrors.replicasUnavailable.is(error));
          assert.match(error.message, /cannot hold 3 replicas: .*a single server/);
          return true;
        },
      );
      const named = [{ service: "a.b", partitions: 1 }];
      await assert.rejects(
        () => openJetStream({ connection, services: named }, signal),
        /letters, digits and dashes/,
      );
    });

    it("warns if it cannot determine whether the server syncs before it acknowledges", async () => {
      await using server = await startNatsServer({ configuration: serverConfiguration });
      const logger = recordingLogger();
      await using connection = await connectionTo([server.address], { foundation: { logger } });
      const { journal, warnings } = await openJetStream({ connection, services }, signal);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? "", /Set sync_interval: always in its jetstream block/);
      assert.ok(logger.lines.some(({ message }) => message === warnings[0]));
      await journal.close();
    });

    for (const always of [true, false]) {
      it(`${always ? "accepts" : "refuses"} a single server that ${always ? "does" : "does not"} sync always, according to the system account`, async () => {
        await using server = await startNatsServer({
          configuration: accounts,
          jetstream: always ? "sync_interval: always" : true,
        });
        await using connection = await connectionTo([server.address], { settings: as("tutti", "t") });
        const system = await systemConnection(server.address);
        const opening = openJetStream({ connection, services, system }, signal);
        if (always) {
          const { journal, warnings } = await opening;
          assert.deepEqual(warnings, []);
          await journal.close();
        } else {
          await assert.rejects(opening, (error: unknown) => {
            assert.ok(jetstreamErrors.syncNotAlways.is(error));
            assert.match(error.message, /`sync_interval` is not always/);
            return true;
          });
        }
        await system.stop(signal);
      });
    }

    it("reports removed messages or a removed position", async () => {
      await using server = await startNatsServer({ configuration: serverConfiguration });
      await using connection = await connectionTo([server.address]);
      const first = await openJetStream({ connection, services }, signal);
      const owner = await Owner.of(first.journal.partition("workflow", 0));
      for (let count = 0; count < 5; count++) await owner.append("x");
      await first.journal.close();
      const manager = await connection.manager("test");
      const stream = streamOf({ service: "workflow", partition: 0 });
      await manager.streams.purge(stream);
      await assert.rejects(
        () => openJetStream({ connection, services }, signal),
        (error: unknown) => {
          assert.ok(journalErrors.corrupt.is(error));
          assert.match(error.message, /position of the last batch is lost/);
          return true;
        },
      );
    });
  });
});
