/** A JetStream stream as a source of runs. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats, type NatsConnection } from "@nats-io/transport-node";
import { startNatsServer } from "@tutti/nats/testing";
import { needsProgram } from "../../../../tools/programs.mjs";
import { describeSource, type SourceSystem } from "./source.ts";

const account = { user: "shop", pass: "sesame-5d2c" };

const round = ["worker", "system", "worker", "platform", "worker"] as const;
const program = await needsProgram("nats-server");
const system = async (): Promise<SourceSystem> => {
  const { user, pass } = account;
  const configuration = `authorization { user: ${user}, password: ${pass} }`;
  const server = await startNatsServer({ configuration, jetstream: "sync_interval: always" });
  const using = async <T>(work: (client: NatsConnection) => Promise<T>): Promise<T> => {
    const client = await connectNats({ servers: server.address, ...account, reconnect: false });
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  };
  await using(async (client) => {
    const { streams } = await jetstreamManager(client);
    await streams.add({ name: "ORDERS", subjects: ["orders"] });
    await streams.add({ name: "EFFECTS", subjects: ["effects.*"] });
    await streams.add({ name: "FAILURES", subjects: ["failures"] });
  });
  return {
    url: `nats://${user}:${pass}@${server.address}`,
    kill: () => server.down("kill"),
    up: () => server.up(),
    send: (messages) =>
      using(async (client) => {
        const timeout = 60_000;
        await Promise.all(messages.map((text) => jetstream(client).publish("orders", text, { timeout })));
      }),
    effects: () =>
      using(async (client) => {
        const { streams } = await jetstreamManager(client);
        const { state } = await streams.info("EFFECTS", { subjects_filter: "effects.*" });
        const subjects = Object.entries(state.subjects ?? {});
        return new Map(subjects.map(([subject, times]) => [subject.slice("effects.".length), times]));
      }),
    failures: () =>
      using(async (client) => {
        const { streams } = await jetstreamManager(client);
        const last = await streams.getMessage("FAILURES", { last_by_subj: "failures" });
        return last === null ? [] : [last.header.get("Tutti-Failure")];
      }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};
describeSource({
  name: "a stream of NATS",
  kind: "nats",
  skip: program.skip,
  system,
  messages: 10_000,
  kills: [...round, ...round, ...round, ...round],
});
