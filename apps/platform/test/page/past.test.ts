/** Compares the past that the page folds from a history with the state of the machine itself. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type EventFacts, PastShape, PastStates, stateOfNumber, taskOf } from "@tutti/dashboard/past";
import { isRefusal, type Machine } from "@tutti/kernel";
import type { GoldenHistory } from "@tutti/kernel/testing";
import { type Run, showTasks } from "@tutti/machine-run";
import { HistoryReader } from "@tutti/machine-run/reading";
import { exampleNames } from "../../../../examples/examples.ts";
import { examplesFolder, machineFor } from "../installation/examples.ts";

function historiesOf(example: string): readonly GoldenHistory[] {
  const folder = new URL(`${example}/history/`, examplesFolder);
  return readdirSync(folder).map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")));
}

const heedless = { effect() {}, settled() {}, timer() {}, cleared() {} };
const conditions = ["success", "success", "failure", "always", "done"] as const;

class HistoryReplay {
  readonly #machine: Machine<Run>;
  readonly #run: Run;
  readonly #key: GoldenHistory["key"];

  constructor(machine: Machine<Run>, key: GoldenHistory["key"]) {
    this.#machine = machine;
    this.#run = machine.create(key);
    this.#key = key;
  }

  apply(type: string, version: number, payload: Uint8Array): void {
    const known = this.#machine.events.find((each) => each.type === type && each.version === version);
    known?.evolve(this.#run, known.codec.decode(payload), heedless);
  }

  tasks(): readonly ReturnType<typeof taskOf>[] {
    const any = { statuses: [], parentTaskId: "", topOnly: false, text: "", withPayloads: false };
    const query = { ...any, from: 0, size: 10_000 };
    const reply = showTasks.answer(this.#run, query, { key: this.#key, nowMs: 0 });
    assert.ok(!isRefusal(reply));
    return reply.tasks.map(({ taskId, parentTaskId, needs, status }) =>
      taskOf({
        ...{ taskId, parentTaskId, kind: "uses", attempts: [], labels: {} },
        // The page uses the state numbers of the contracts too.
        status: stateOfNumber(status) ?? "pending",
        needs: needs.map(({ task, condition }) => ({
          task,
          condition: conditions[Number(condition)] ?? "success",
        })),
      }),
    );
  }
}

describe("the past as the page folds it", () => {
  for (const example of exampleNames())
    it(`${example}: equals the state of the machine after every event`, () => {
      for (const history of historiesOf(example)) {
        const events = history.events.map(({ type, version, payload }) => ({
          ...{ type, version },
          payload: new Uint8Array(Buffer.from(payload, "base64")),
        }));
        const machine = machineFor(example, events);
        const reader = new HistoryReader(machine, history.key);
        const facts = events.map((event, place): EventFacts => {
          const { task: about, details } = reader.read(event);
          return { number: place + 1, timeMs: 0, type: event.type, task: about, details, actor: undefined };
        });
        const replay = new HistoryReplay(machine, history.key);
        const moments = events.map(({ type, version, payload }) => {
          replay.apply(type, version, payload);
          return replay.tasks();
        });
        const tasks = moments.at(-1) ?? [];
        const placeOf = new Map(tasks.map(({ id }, place) => [id, place]));
        const shape = new PastShape(tasks, placeOf, example === "state-machine");
        const past = new PastStates(shape, facts);
        for (const [place, then] of moments.entries()) {
          const { states } = past.at(place + 1);
          const actual = tasks.map(({ id }, at) => [id, stateOfNumber(states[at] ?? 0) ?? "absent"]);
          const known = new Map(then.map(({ id, state }) => [id, state]));
          const expected = tasks.map(({ id }) => [id, known.get(id) ?? "absent"]);
          assert.deepEqual(actual, expected, `${history.key.id}, event ${place + 1}: ${facts[place]?.type}`);
        }
      }
    });
});
