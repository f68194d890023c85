/**
 * Histories that every release must read: recorded once by `npm run golden`. Their plans are in their first
 * events, so that no later release needs the definitions of this one.
 */
import {
  NoteAttempt,
  NoteModelCalls,
  NoteProgress,
  ReturnTask,
  RunOrder,
} from "@tutti/contracts/workflow/v1";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import { cache } from "@tutti/machine-entities/cache";
import {
  beginRun,
  cancelRun,
  labelRun,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  pauseRun,
  repairTask,
  resetRun,
  resumeRun,
  retryRun,
  returnTask,
  terminateRun,
} from "../src/index.ts";
import { answerCache } from "../src/life/results/cache.ts";
import { definitions, jsonBytes, RunScene } from "../src/testing/index.ts";
import { kindStories } from "./kind-stories.ts";

/** Starts a run with its plan in the order. */
function startStory(
  name: keyof typeof definitions,
  input: unknown,
  fields: Parameters<typeof RunOrder.fromPartial>[0] = {},
) {
  const scene = new RunScene(1, [cache]);
  const { plan } = scene.definitions.plan(scene.definitions.add(definitions[name] ?? ""));
  const order = RunOrder.fromPartial({ plan: jsonBytes(plan), input: jsonBytes(input), ...fields });
  scene.driver.execute(scene.key, beginRun, { order });
  return scene;
}

function golden(scene: RunScene, release: string) {
  return goldenOf(scene.driver, scene.machine, scene.key, release);
}

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  ...kindStories(startStory),

  /** Tasks that start together in two pools, one of them a list. An entry fails before all have started. */
  together: (release) => {
    const scene = startStory("together", { items: [1, 2] });
    scene.fail("each[0]");
    scene.driver.advance(1_000);
    scene.complete("each[1]");
    return golden(scene, release);
  },

  /** Attempts that fail, return, save data. A pause. A person who decides how it continues. */
  attempts: (release) => {
    const scene = startStory(
      "chain",
      { a: 1 },
      { startMs: 1_767_225_610_000, priority: 3, labels: { team: "a" } },
    );
    scene.driver.advance(10_000);
    scene.driver.settle(
      scene.offer("one"),
      returnTask,
      ReturnTask.fromPartial({ retryAfterMs: 100, message: "busy" }),
    );
    scene.driver.advance(100);
    scene.driver.settle(
      scene.offer("one"),
      noteAttempt,
      NoteAttempt.fromPartial({ agent: "anna", startMs: scene.driver.nowMs }),
    );
    scene.driver.settle(
      scene.offer("one"),
      noteProgress,
      NoteProgress.fromPartial({ saved: jsonBytes(1), fraction: 0.2 }),
    );
    scene.fail("one");
    scene.driver.execute(scene.key, pauseRun, { reason: "a look" });
    scene.driver.advance(5_000);
    scene.driver.execute(scene.key, labelRun, {
      labels: { x: "y" },
      removedLabels: [],
      priority: 1,
      dueMs: undefined,
    });
    scene.driver.execute(scene.key, resumeRun, { reason: "seen", taskIds: [] });
    scene.complete("one", { n: 1 });
    scene.fail("two");
    scene.driver.execute(scene.key, resumeRun, { reason: "mended", taskIds: ["two"] });
    scene.complete("two", "done");
    return golden(scene, release);
  },

  /** Attempts that lose their worker, between one that fails and one that succeeds. */
  lost: (release) => {
    const scene = startStory("chain", { a: 1 });
    const lose = (agent: string) => {
      const loss = ReturnTask.fromPartial({ lost: true, agent, message: "its link was cut" });
      scene.driver.settle(scene.offer("one"), returnTask, loss);
      scene.driver.advance(1);
    };
    lose("anna");
    scene.fail("one");
    scene.driver.advance(5_000);
    lose("ben");
    lose("");
    scene.complete("one", { n: 1 });
    return golden(scene, release);
  },

  /** Conditions, expected failures, and tasks that they skip. */
  graph: (release) => {
    const scene = startStory("graph", { n: 1 });
    scene.fail("right");
    scene.complete("mend");
    return golden(scene, release);
  },

  /** Lists: with a concurrency, and one that fails. */
  lists: (release) => {
    const scene = startStory("lists", { items: ["a", "skip", "b", "c"] });
    scene.complete("each[0]", "A");
    scene.complete("all[1]", 1);
    scene.fail("all[0]", "test.bad", { retry: 1 });
    scene.fail("each[2]", "test.bad");
    for (const id of scene.offered) scene.complete(id);
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "again", inputs: [] });
    return golden(scene, release);
  },

  /** Completed work is undone, with one task that cannot be. */
  undone: (release) => {
    const scene = startStory("saga", null);
    scene.complete("book", "b");
    scene.complete("pay", { id: 1 });
    scene.driver.execute(scene.key, cancelRun, { reason: "no longer", noCompensate: false });
    scene.fail("pay", "test.refused", { retry: 1 });
    scene.complete("book");
    return golden(scene, release);
  },

  /** A run that fails during compensation is retried. Later it is terminated. */
  "taken-up": (release) => {
    const scene = startStory("saga", null);
    scene.complete("book", "b");
    scene.fail("pay");
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "mended", inputs: [] });
    scene.complete("book", "b2");
    scene.driver.execute(scene.key, terminateRun, { reason: "enough" });
    return golden(scene, release);
  },

  /** Repaired by a person, and reset. */
  mended: (release) => {
    const scene = startStory("graph", { n: 2 });
    const before = scene.machine.snapshots.encode(scene.state);
    const value = { body: { $case: "inline" as const, value: jsonBytes("by hand") }, mediaType: "" };
    scene.driver.execute(scene.key, repairTask, {
      taskId: "left",
      repair: { $case: "output", value },
      reason: "known",
    });
    const skip = { $case: "skip" as const, value: { skipDependents: true } };
    scene.driver.execute(scene.key, repairTask, { taskId: "right", repair: skip, reason: "not needed" });
    scene.driver.execute(scene.key, resetRun, {
      toEvent: 4,
      snapshot: before,
      keepSignals: false,
      signals: [],
      reason: "again",
    });
    scene.complete("left");
    return golden(scene, release);
  },

  /** Model calls that an attempt reports, before it fails and before it succeeds. */
  asked: (release) => {
    const scene = startStory("chain", { a: 1 });
    const callModels = (...models: readonly string[]) => {
      const calls = models.map((requestModel) => ({
        operation: "chat",
        requestModel,
        inputTokens: 9,
        agoMs: 5,
      }));
      const body = NoteModelCalls.fromPartial({ agent: "anna", calls: { calls } });
      scene.driver.settle(scene.offer("one"), noteModelCalls, body);
    };
    callModels("gpt-5", "ada");
    scene.fail("one");
    scene.driver.advance(1_000);
    callModels("gpt-5");
    scene.complete("one", { n: 1 });
    return golden(scene, release);
  },

  /** The cache does not reply in time, and has an output for the second task. */
  cached: (release) => {
    const scene = startStory("cached", { a: 1 });
    scene.driver.advance(5_000);
    scene.complete("first", "found");
    const body = {
      visit: 1,
      found: true,
      output: { body: { $case: "inline", value: jsonBytes(1) }, mediaType: "" },
      waitMs: 0,
    };
    scene.driver.execute(scene.key, answerCache, { ...body, taskId: "again" } as never);
    return golden(scene, release);
  },

  /** A run that ends and continues as a new one. */
  continued: (release) => {
    const scene = startStory("endless", { round: 0 });
    scene.complete("work", "w");
    return golden(scene, release);
  },
};
