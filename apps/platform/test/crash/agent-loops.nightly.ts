/**
 * Workers of agents killed with -9 in the middle of tool loops, with default settings.
 *
 * 1. Every run completes with its answer.
 * 2. A model answer in a history is not requested again, and a tool whose result was used is not called again.
 * 3. If a worker was killed before the result of its tool call was recorded, the second call has the same key.
 * 4. Delegated agents get the same parts of a budget as in a run without kills. Lost answers do not count.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@tutti/kernel/testing";
import { connect, type RunHandle, type Tutti } from "@tutti/sdk/client";
import { type ServedModel, serveModel } from "@tutti/sdk/model-server";
import {
  type HistoryEventInput,
  recordedReplies,
  ScriptedModel,
  type ScriptedReply,
} from "@tutti/sdk/testing";
import { TestProcess } from "../support/process.ts";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";

const loops = 50;
const kills = 100;
const steps = 60;
const workerCount = 8;
/** Number of model requests between two kills. */
const between = 12;
/** Pause between two pieces of an answer, so that kills hit the middle. */
const paceMs = 200;

const definition = {
  workflow: "loop",
  tasks: {
    answer: {
      agent: {
        model: "scripted:small",
        instructions: "Post each step.",
        prompt: "loop ${{ input.loop }}",
        tools: ["ledger.*"],
        max: 80,
      },
    },
  },
  output: "${{ tasks.answer.output }}",
};
/** Number of times that an agent delegates to another one. */
const delegations = 3;
const agentOf = (workflow: string, more: object) => ({
  workflow,
  tasks: {
    answer: { agent: { model: "scripted:small", instructions: `You are the ${workflow}.`, ...more } },
  },
  output: "${{ tasks.answer.output }}",
});
const lead = agentOf("lead", { tools: ["workflow:helper"], budget: { tokens: 2_000 } });
const helper = agentOf("helper", { prompt: "part ${{ input.part }}" });
const program = fileURLToPath(new URL("../programs/agent-worker.ts", import.meta.url));

interface ModelTurn {
  readonly done: number;
  readonly answer: number;
}

/** Returns the numbers of the answers in the history of a run, in order. */
async function recordedAnswers(run: RunHandle): Promise<readonly number[]> {
  const history: HistoryEventInput[] = [];
  for await (const event of run.history()) history.push(event);
  return recordedReplies(history).flatMap((reply) =>
    typeof reply === "object" && "inputTokens" in reply ? [reply.inputTokens ?? 0] : [],
  );
}

describe(`${kills} kills of workers in ${loops} tool loops`, () => {
  let folder: Folder;
  let platform: Service;
  let served: ServedModel;
  let tutti: Tutti;
  let ledger: string;
  /** Workers, each with the promise that it is linked. */
  const workers: {
    readonly name: string;
    readonly process: TestProcess;
    readonly linked: Promise<unknown>;
  }[] = [];
  /** By loop, for each model request: the number of steps in the conversation, and the number of the answer. */
  const questions = new Map<number, ModelTurn[]>();
  /** By loop: the latest model request, with its number. */
  const latest = new Map<number, { readonly done: number; readonly count: number }>();
  let answers = 0;
  let killed = 0;
  /** Holds model requests beyond the number that belongs to the kills so far. */
  let gate = Promise.withResolvers<void>();
  const model = new ScriptedModel(async ({ instructions, conversation, path }, count) => {
    const transcript = conversation.join("\n");
    if (instructions.startsWith("You are")) return delegate(instructions, transcript, path);
    const loop = Number(/loop (\d+)/.exec(transcript)?.[1]);
    const done = transcript.match(/"posted"/g)?.length ?? 0;
    const isRepeated = latest.get(loop)?.done === done;
    latest.set(loop, { done, count });
    // A repeated request is not held: a loop that never got an answer between two kills would fail as what kills workers.
    while (!isRepeated && killed < kills && count > (killed + 1) * between) await gate.promise;
    // The worker of this request was killed, and another one has repeated it.
    if (latest.get(loop)?.count !== count) return { text: "too late" };
    // The history has the tokens of an answer, so they identify the recorded answer.
    const inputTokens = ++answers;
    questions.set(loop, [...(questions.get(loop) ?? []), { done, answer: inputTokens }]);
    if (done === steps) return { text: `loop ${loop} is posted`, inputTokens, paceMs };
    return {
      text: "The next step.",
      calls: [{ name: "ledger_post", input: { loop, step: done } }],
      ...{ inputTokens, paceMs },
    };
  });
  let workersCreated = 0;
  const shot = new Set<string>();

  /** Answers for delegating agents. The first worker that requests an answer is killed in the middle of it. */
  function delegate(instructions: string, transcript: string, path: string): ScriptedReply {
    const tokens = { inputTokens: 100, outputTokens: 20, paceMs };
    const done = transcript.match(/the result is 7/g)?.length ?? 0;
    const answer = `${instructions} ${/part (\d)/.exec(transcript)?.[1]} ${done}`;
    if (!shot.has(answer)) {
      shot.add(answer);
      const at = workers.findIndex(({ name }) => path.includes(name));
      const [victim] = workers.splice(at, 1);
      work();
      void victim?.process.kill();
    }
    if (instructions.includes("helper")) return { text: "the result is 7", ...tokens };
    if (done === delegations) return { text: "all is done", ...tokens };
    return { text: "I ask the helper.", calls: [{ name: "helper", input: { part: done } }], ...tokens };
  }

  function work(): void {
    const name = `worker-${++workersCreated}`;
    const process = new TestProcess({
      program,
      arguments: [platform.grpc, platform.http, `${served.url}/${name}/`, ledger, name],
      environment: { NODE_COMPILE_CACHE: join(folder.path, "compiled") },
    });
    const linked = process.wrote(/linked/);
    // The end of the test kills workers that are not linked yet.
    linked.catch(() => undefined);
    workers.push({ name: `/${name}/`, process, linked });
  }

  before(async () => {
    folder = await makeFolder();
    ledger = join(folder.path, "ledger.txt");
    writeFileSync(ledger, "");
    served = await serveModel(model);
    platform = await start("platform", [`--platform.dataDirectory=${join(folder.path, "data")}`]);
    tutti = await connect({ address: platform.grpc });
    for (const each of [definition, lead, helper]) await tutti.workflows.register(each);
    for (let count = 0; count < workerCount; count++) work();
    await Promise.all(workers.map(({ linked }) => linked));
  });
  after(async () => {
    await tutti?.close();
    await Promise.all(workers.map(({ process }) => process.kill()));
    await platform?.stop();
    await served?.close();
    await folder?.[Symbol.asyncDispose]();
  });

  it("repeats no recorded model answer and no recorded tool call", async () => {
    const runs = await Promise.all(
      Array.from({ length: loops }, (_, loop) => tutti.run("loop", { input: { loop } })),
    );
    let open = loops;
    const results = runs.map((run: RunHandle) =>
      run.result<string>({ timeout: "30m" }).finally(() => {
        open -= 1;
      }),
    );
    const ended = Promise.allSettled(results);
    for (; killed < kills && open > 0; killed++) {
      await until(
        "the model to be asked",
        () => open === 0 || model.requests.length >= (killed + 1) * between,
      );
      // Both old and new workers, because tasks of a killed worker go to the oldest first.
      const [victim] = workers.splice((killed * 5) % workers.length, 1);
      await victim?.linked;
      work();
      await victim?.process.kill();
      gate.resolve();
      gate = Promise.withResolvers();
    }
    await ended;
    assert.deepEqual(
      await Promise.all(results),
      runs.map((_, loop) => `loop ${loop} is posted`),
    );
    const posted = readFileSync(ledger, "utf8").trim().split("\n");
    console.log(
      `${killed} kills, ${model.requests.length} answers of the model, ${posted.length} calls of the tool`,
    );
    for (const [loop, requests] of questions) {
      const counts = requests.map(({ done }) => done);
      assert.deepEqual(
        counts,
        counts.toSorted((one, other) => one - other),
        `loop ${loop} went back`,
      );
    }
    let repeated = 0;
    for (const [loop, run] of runs.entries()) {
      const requests = questions.get(loop) ?? [];
      // The answer to the last request of each step was recorded, because no other request followed.
      const last = new Map(requests.map(({ done, answer }) => [done, answer]));
      assert.deepEqual(
        await recordedAnswers(run),
        [...last.values()],
        `loop ${loop}: answers in the history`,
      );
      assert.equal(last.size, steps + 1);
      repeated += requests.length - last.size;
    }
    console.log(`${repeated} answers were asked for again: none of them was recorded`);
    const keys = new Map<string, string>();
    const last = new Map<string, number>();
    for (const line of posted) {
      const [loop = "", step = "", key = ""] = line.split(" ");
      assert.ok(Number(step) >= (last.get(loop) ?? 0), `loop ${loop} called the tool of step ${step} again`);
      last.set(loop, Number(step));
      const place = `${loop} ${step}`;
      assert.equal(keys.get(place) ?? key, key, `step ${place} has two keys`);
      keys.set(place, key);
    }
    assert.equal(keys.size, loops * steps);
    assert.equal(killed, kills);
  });

  it("lends parts of a budget to delegated agents, and each answer counts once", async () => {
    const run = await tutti.run("lead", { id: "lead", input: {} });
    assert.equal(await run.result({ timeout: "8m" }), "all is done");
    const answers = 2 * delegations + 1;
    assert.equal(shot.size, answers, "each answer was lost once");
    assert.equal((await run.get()).used?.tokens, answers * 120);
    const parts: (number | undefined)[] = [];
    for await (const { runId } of tutti.runs.list({ definition: "helper" }))
      parts.push((await tutti.runs.get(runId).get()).spec?.budget?.tokens);
    assert.deepEqual(parts.toSorted(), [1_400, 1_640, 1_880]);
  });
});
