/** Experience of sessions survives a kill -9 and reaches other processes: choices stay the same. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { estimateService, ReadExperienceRequest } from "@tutti/contracts/intelligence/v1";
import type { Choice } from "@tutti/contracts/session/v1";
import { until } from "@tutti/kernel/testing";
import { type NatsServer, natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { joinPlatform, partitions, startSharedServer } from "../support/cluster.ts";
import { OutsideClient } from "../support/outside-client.ts";
import { type Folder, makeFolder, type Service } from "../support/services.ts";

const program = await natsServerProgram();
const sessions = 3;
const kinds = ["short", "middle", "long"] as const;
const takesMs = { short: 5, middle: 40, long: 120 } as const;
/** Tasks of three durations, with a few of each kind at a time, so that all durations are learned. */
const tasks = [
  { id: "first", uses: "take.short" },
  { id: "left", uses: "take.middle", needs: ["first"] },
  { id: "right", uses: "take.long", needs: ["first"] },
];

describe("learned estimates of sessions", { skip: program.skip }, () => {
  let server: NatsServer;
  const processes: Service[] = [];
  const workers: Worker[] = [];
  let folder: Folder;

  before(async () => {
    folder = await makeFolder();
    server = await startSharedServer();
  });
  after(async () => {
    for (const worker of workers) await worker.stop();
    for (const process of processes) await process[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it("are available to the process that takes over, which makes the same choices", async () => {
    const join = async (name: string) => {
      const joined = await joinPlatform(server, folder, name);
      processes.push(joined);
      return joined;
    };
    /** Starts the same agents, also for a second time. While they are held up, their tasks never end. */
    const work = async (address: string, isDelayed: () => boolean) => {
      const both = ["ann", "bob"].map((agentId) => {
        const worker = new Worker({ address, agentId, slots: 2, handleSignals: false });
        for (const kind of kinds)
          worker.handle(`take.${kind}`, (_, { signal }) =>
            // A held-up task ends only if it is cancelled.
            sleep(isDelayed() ? 3_600_000 : takesMs[kind], kind, { signal }),
          );
        return worker;
      });
      workers.push(...both);
      for (const worker of both) await worker.start();
      return both;
    };
    /** Returns the choice for a session. The choice is made before any task starts. */
    const choiceOf = async (address: string, id: string): Promise<Choice> => {
      await using tutti = await connect({ address });
      const session = await tutti.run({ id, tasks, mode: "adaptive", optimization: "time" });
      const { choices } = await until(
        "a choice",
        () => session.why(),
        (reasons) => reasons.choices.length > 0,
      );
      await session.terminate("only the choice was wanted");
      return choices[0] ?? assert.fail("there is one");
    };
    const learnedBy = async ({ grpc }: Service) => {
      using client = new OutsideClient(grpc);
      return await client.call(estimateService.methods.readExperience, ReadExperienceRequest.create());
    };

    const first = await join("first");
    let isSlow = false;
    const early = await work(first.grpc, () => isSlow);
    {
      await using tutti = await connect({ address: first.grpc });
      for (let number = 0; number < sessions; number++)
        await (
          await tutti.run({ id: `lived-${number}`, tasks, mode: "adaptive", optimization: "time" })
        ).result();
    }
    await until(
      "all of it to be learned",
      () => learnedBy(first),
      ({ count, choiceCount }) => count === sessions * tasks.length && choiceCount === sessions,
    );
    isSlow = true;
    // The chooser receives new experience a moment later than the service that keeps it.
    let calls = 0;
    const before = await until(
      "a choice with times that are known, not guessed",
      () => choiceOf(first.grpc, `as-it-was-${calls++}`),
      ({ features }) => (features["meanMs"] ?? Number.POSITIVE_INFINITY) < 1_000,
    );
    const [candidate] = before.candidates;
    const guessed = before.features["predictedMs.workflow"];
    assert.notEqual(candidate?.expectedMs, guessed, "what came of choices corrects what is expected");
    const second = await join("second");
    await first.kill();
    for (const worker of early) await worker.stop();
    const owned = () =>
      second.lines.filter(
        ({ msg, service_ }) => msg === "a partition is owned here" && service_ === "master",
      );
    await until("all partitions", () => owned().length >= partitions);
    await work(second.grpc, () => true);
    const after = await choiceOf(second.grpc, "as-it-is");
    assert.deepEqual(after.features, before.features);
    assert.deepEqual(after.candidates, before.candidates);
    assert.deepEqual([after.chosen, after.reason], [before.chosen, before.reason]);
  });
});
