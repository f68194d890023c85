import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OfferProfile } from "@tutti/contracts/swarm/v1";
import fc from "fast-check";
import { Demands } from "../demand/demands.ts";
import type { Task } from "../task/task.ts";

const namespaces = ["red", "green", "blue"] as const;
const weights = { red: 1, green: 2, blue: 1 } as const;

interface Waiting {
  readonly task: Task;
  readonly namespace: keyof typeof weights;
}

const steps = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      namespace: fc.constantFrom(...namespaces),
      demand: fc.nat(3),
      rank: fc.nat(50),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), at: fc.nat(100) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("serve" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("move" as const), at: fc.nat(100), rank: fc.nat(50) }),
  },
);

/** A task with only the fields that the queues read. */
function taskOf(rank: number, order: number): Task {
  const profile = { weight: 1, key: "" };
  return { rank, order, place: -1, listed: -1, lane: undefined, profile } as unknown as Task;
}

describe("a cohort", () => {
  it("serves the namespace that has had the least, and its first task by rank, for any demands", () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 120, size: "max" }), (operations) => {
        const demands = new Demands({ update() {} });
        const cohort = demands.cohortOf([{ name: "work", version: "1.0.0", number: 1 }], {});
        const requests = [0, 1, 2, 3].map((gpu) =>
          demands.ofProfile(OfferProfile.fromPartial({ capability: "work", resources: { gpu } })),
        );
        let waiting: Waiting[] = [];
        let order = 0;
        const tabs = new Map(namespaces.map((name) => [name, cohort.tabOf(name)]));
        const had = (name: keyof typeof weights) => tabs.get(name)?.rank ?? 0;
        const remove = ({ task }: Waiting, isServed: boolean) => {
          waiting = waiting.filter((entry) => entry.task !== task);
          if (isServed) task.share?.grant(task);
          else task.share?.remove(task);
        };
        const serve = () => {
          const turn = cohort.next();
          const task = turn?.waitEntries.first?.share.head;
          const served = waiting.find((entry) => entry.task === task);
          assert.equal(served === undefined, waiting.length === 0);
          if (served === undefined) return;
          const { namespace } = served;
          const others = waiting.filter((entry) => entry.namespace !== namespace);
          for (const other of others) assert.ok(had(namespace) <= had(other.namespace));
          const isAlone = others.every((other) => had(namespace) < had(other.namespace));
          const own = waiting.filter((entry) => entry.namespace === namespace);
          if (isAlone) for (const entry of own) assert.ok(served.task.rank <= entry.task.rank);
          cohort.charge(namespace, weights[namespace]);
          remove(served, true);
        };
        for (const step of operations) {
          const at = "at" in step ? waiting[step.at % Math.max(1, waiting.length)] : undefined;
          if (step.kind === "serve") serve();
          else if (step.kind === "add") {
            const task = taskOf(step.rank, order++);
            task.share = requests[step.demand]?.shareOf(step.namespace);
            task.share?.add(task);
            waiting.push({ task, namespace: step.namespace });
          } else if (at !== undefined && step.kind === "remove") remove(at, false);
          else if (at !== undefined && step.kind === "move") {
            at.task.rank = step.rank;
            at.task.share?.move(at.task);
          }
        }
        while (waiting.length > 0) serve();
        assert.equal(cohort.next(), undefined);
      }),
    );
  });
});
