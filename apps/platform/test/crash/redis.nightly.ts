/** Redis as a source of runs: a stream, a list and a channel. */
import { createClient } from "@redis/client";
import { until } from "@tutti/kernel/testing";
import { needsProgram } from "../../../../tools/programs.mjs";
import { startRedis } from "../../../../tools/redis.mjs";
import { describeSource, type SourceLoad, type SourceSystem } from "./source.ts";

async function describeRedis(
  place: "stream" | "list" | "channel",
  load: Pick<SourceLoad, "messages" | "kills">,
): Promise<void> {
  const program = await needsProgram("redis-server");
  const add = (value: string) =>
    ({
      stream: ["XADD", "orders", "*", "value", value],
      list: ["RPUSH", "orders", value],
      channel: ["PUBLISH", "orders", value],
    })[place];
  const system = async (): Promise<SourceSystem> => {
    const server = await startRedis(program.path);
    const sent = async (commands: readonly string[][]): Promise<readonly unknown[]> => {
      const client = createClient({ url: server.url, RESP: 2 });
      client.on("error", () => {});
      try {
        await client.connect();
        return await Promise.all(commands.map((args) => client.sendCommand(args)));
      } finally {
        if (client.isOpen) client.destroy();
      }
    };
    return {
      url: server.url,
      kill: () => server.kill(),
      up: () => server.up(),
      async send(messages) {
        // A channel keeps no messages for a process that does not listen yet.
        const listens = async () => (await sent([["PUBSUB", "NUMSUB", "orders"]])) as readonly string[][];
        if (place === "channel") await until("it listens", async () => Number((await listens())[0]?.[1]) > 0);
        await sent(messages.map(add));
      },
      async effects() {
        const [pairs = []] = (await sent([["HGETALL", "effects"]])) as readonly (readonly string[])[];
        return new Map(
          Array.from({ length: pairs.length / 2 }, (_, at) => [
            pairs[at * 2] ?? "",
            Number(pairs[at * 2 + 1]),
          ]),
        );
      },
      async failures() {
        const [entries] = (await sent([["XRANGE", "failures", "-", "+"]])) as [[string, string[]][]];
        return entries.map(([, fields]) => fields[fields.indexOf("tutti-failure") + 1] ?? "");
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
  const name = `a ${place} of Redis`;
  describeSource({ name, kind: `redis-${place}`, skip: program.skip, system, ...load });
}

const round = ["worker", "system", "worker", "platform", "worker"] as const;
await describeRedis("stream", { messages: 10_000, kills: [...round, ...round, ...round, ...round] });
await describeRedis("list", { messages: 200, kills: ["system", "worker"] });
await describeRedis("channel", { messages: 50, kills: [] });
