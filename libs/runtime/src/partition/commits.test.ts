import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AppendOutcome, Failure, JournalPartition } from "@tutti/journal";
import { runtimeErrors } from "../errors.ts";
import { Answers } from "./answers.ts";
import { Commits } from "./commits.ts";
import { OpenBatch } from "./open-batch.ts";

/** Returns a journal that answers when a test tells it to. */
function scene() {
  const appended: { readonly number: number; resolve(outcome: AppendOutcome): void }[] = [];
  const published: string[] = [];
  const journal = {
    append: ({ number }: { readonly number: number }) =>
      new Promise<AppendOutcome>((answer) => appended.push({ number, resolve: answer })),
  } as unknown as JournalPartition;
  const commits = new Commits({
    journal,
    epoch: 1,
    behaviour: 1,
    durable: 10,
    onDurable: ({ number, answers }) => {
      published.push(`durable ${number}`);
      answers.send(() => undefined);
    },
    onFailure: ({ kind }) => published.push(`failed ${kind}`),
    onFault: () => published.push("fault"),
  });
  const append = (number: number): Answers => {
    const answers = new Answers();
    answers.addOther((failure) =>
      published.push(failure === undefined ? `answer ${number}` : `refusal ${number}`),
    );
    commits.append(new OpenBatch(), 0, {
      number,
      answers,
      due: [],
      dropped: [],
      ended: [],
      sent: undefined,
      notes: [],
    });
    return answers;
  };
  return { commits, append, appended, published };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const failure: Failure = {
  kind: "unknown",
  refusal: runtimeErrors.outcomeUnknown.refusal({ service: "x", partition: 0, reason: "" }),
};

describe("commits", () => {
  it("answer each batch once it is durable, and notify callers that wait for it or an earlier one", async () => {
    const { commits, append, appended, published } = scene();
    append(11);
    append(12);
    for (const number of [10, 12, 11]) {
      void commits.reached(number).then((isDurable) => published.push(`reached ${number} ${isDurable}`));
    }
    await turn();
    assert.deepEqual(published, ["reached 10 true"]);
    appended[0]?.resolve({ kind: "durable" });
    await turn();
    assert.equal(commits.durable, 11);
    assert.equal(commits.isIdle, false);
    appended[1]?.resolve({ kind: "durable" });
    await turn();
    assert.equal(commits.isIdle, true);
    assert.deepEqual(published.slice(1), [
      "durable 11",
      "answer 11",
      "reached 11 true",
      "durable 12",
      "answer 12",
      "reached 12 true",
    ]);
  });

  it("attach an answer without its own batch to the last batch in progress", async () => {
    const { commits, append, appended, published } = scene();
    const answers = new Answers();
    answers.addOther(() => published.push("read"));
    assert.equal(commits.attach(answers), false);
    append(11);
    append(12);
    assert.equal(commits.attach(answers), true);
    appended[0]?.resolve({ kind: "durable" });
    await turn();
    assert.equal(published.includes("read"), false);
    appended[1]?.resolve({ kind: "durable" });
    await turn();
    assert.equal(published.at(-1), "read");
  });

  it("report a failure once, answer nothing after it, and return the waiting submissions", async () => {
    const { commits, append, appended, published } = scene();
    append(11);
    append(12);
    append(13);
    const reached = commits.reached(13);
    appended[0]?.resolve({ kind: "durable" });
    appended[1]?.resolve(failure);
    appended[2]?.resolve(failure);
    await turn();
    assert.deepEqual(published, ["durable 11", "answer 11", "failed unknown"]);
    assert.equal(await commits.reached(14), false);
    const abandoned = commits.abandon();
    assert.equal(abandoned.length, 2);
    assert.equal(await reached, false);
    assert.throws(() => append(14), /nothing is appended after a failure/);
  });

  it("accept batches without a gap, and report a journal that settles them out of order", async () => {
    const { append, appended, published } = scene();
    append(11);
    for (const number of [10, 11, 13])
      assert.throws(() => append(number), /appended in the order of their numbers/);
    append(12);
    appended[1]?.resolve({ kind: "durable" });
    await turn();
    assert.deepEqual(published, ["fault"]);
  });
});

describe("answers", () => {
  it("are sent once each, in order, even if one of them throws", () => {
    const answers = new Answers();
    const published: string[] = [];
    const faults: unknown[] = [];
    for (const name of ["a", "b", "c"]) {
      const answer = (): void => {
        published.push(name);
        if (name === "b") throw new Error("the caller is gone");
      };
      answers.add({ reply: answer } as never, { kind: "ignored" });
      answers.addOther(answer);
    }
    answers.send((fault) => faults.push(fault));
    assert.deepEqual(published, ["a", "b", "c", "a", "b", "c"]);
    assert.equal(faults.length, 2);
    assert.equal(answers.isEmpty, true);
    answers.send(() => assert.fail());
  });
});
