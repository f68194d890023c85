import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OfferEntry } from "./entry.ts";
import type { OfferedProfile } from "./offered-task.ts";
import { WindowLines } from "./window-lines.ts";

const profiles = new Map<string, OfferedProfile>();

function profileOf(capability: string): OfferedProfile {
  const known = profiles.get(capability);
  if (known !== undefined) return known;
  const profile: OfferedProfile = {
    ...{ pool: "", definition: "", definitionTask: "", capability, versionRange: "", placement: null },
    timeouts: { queueMs: 0, runMs: 0, totalMs: 0, heartbeatMs: 0 },
    policy: {
      ...{ priority: 0, resources: {}, limits: [], mayBeDoubled: false },
      estimate: { durationMs: 0, money: 0, tokens: 0 },
    },
    isUndo: false,
  };
  profiles.set(capability, profile);
  return profile;
}

/** A pool with a limited window, and its tasks by kind. */
class Window {
  readonly lines = new WindowLines();
  readonly withPool: OfferEntry[] = [];
  readonly #size: number;
  #order = 0;

  constructor(size: number) {
    this.#size = size;
  }

  offer(capability: string, count: number, rank = 0): void {
    for (let number = 0; number < count; number++)
      this.lines.wait({
        ...{ bytes: new Uint8Array(), key: { namespace: "default", kind: "run", id: "one" } },
        token: { partition: 0, incarnation: this.#order, number: 1, attempt: 1 },
        ...{ cause: undefined, location: "home", hasStarted: false, isRecalled: false, line: undefined },
        ...{ rank, order: this.#order++, place: -1 },
        effect: {
          ...{ profile: profileOf(capability), taskId: "one", input: undefined, attempt: 1 },
          ...{ facts: { labels: {}, priority: 0, dueMs: 0 }, readyMs: 0, totalDueMs: 0, details: undefined },
          ...{ saved: undefined, onlyAgents: [], notAgents: [] },
        },
      });
  }

  /** Runs until no entry moves any more. Returns how many came home. */
  runUntilStable(): number {
    let recalls = 0;
    for (let rounds = 0; rounds < 10_000; rounds++) {
      while (this.withPool.length < this.#size) {
        const entry = this.lines.takeNext();
        if (entry === undefined) break;
        entry.location = "pool";
        this.withPool.push(entry);
      }
      const entry = this.withPool.length < this.#size ? undefined : this.#nextQueued();
      if (entry === undefined) return recalls;
      this.lines.recall(entry);
      this.lines.removeFromPool(entry);
      this.withPool.splice(this.withPool.indexOf(entry), 1);
      entry.location = "home";
      entry.rank = -entry.rank;
      this.lines.wait(entry);
      recalls++;
    }
    return assert.fail("it goes to and fro for ever");
  }

  #nextQueued(): OfferEntry | undefined {
    return this.lines.tooMuch() ?? this.lines.lessUrgent();
  }

  /** Starts and ends tasks of a kind at once. */
  work(capability: string, count: number): number {
    let done = 0;
    for (const entry of this.withPool.filter(({ effect }) => effect.profile.capability === capability)) {
      if (done === count) break;
      this.lines.markStarted(entry);
      this.lines.removeFromPool(entry);
      this.withPool.splice(this.withPool.indexOf(entry), 1);
      entry.location = "gone";
      done++;
    }
    return done;
  }

  countOf(capability: string): number {
    return this.withPool.filter(({ effect }) => effect.profile.capability === capability).length;
  }
}

describe("kinds of tasks of one namespace that share a window", () => {
  it("a kind without a capable agent does not block others, although it came first and is far more urgent", () => {
    const window = new Window(64);
    window.offer("nobody.can", 1_000, -10_000_000);
    window.runUntilStable();
    assert.equal(window.countOf("nobody.can"), 64);
    window.offer("work", 500);
    let done = 0;
    for (let rounds = 0; rounds < 500 && done < 500; rounds++) {
      window.runUntilStable();
      done += window.work("work", 4);
      if (rounds % 10 === 0) window.lines.age();
    }
    window.runUntilStable();
    assert.deepEqual([done, window.countOf("nobody.can")], [500, 64]);
  });

  it("many kinds without a capable agent leave a share for the kind that has agents", () => {
    const window = new Window(64);
    for (let kind = 0; kind < 30; kind++) window.offer(`nobody.can-${kind}`, 100, -10_000_000);
    window.runUntilStable();
    window.offer("work", 100);
    let done = 0;
    for (let rounds = 0; rounds < 100; rounds++) {
      window.runUntilStable();
      done += window.work("work", 4);
    }
    assert.equal(done, 100);
  });

  it("among kinds that start, the more urgent kind gets nearly all of the window, as if it were alone", () => {
    const window = new Window(64);
    window.offer("later", 1_000, 0);
    window.runUntilStable();
    window.offer("now", 10_000, -10_000_000);
    for (let rounds = 0; rounds < 40; rounds++) {
      window.runUntilStable();
      window.work("now", 8);
    }
    window.runUntilStable();
    assert.ok(window.countOf("now") > 56, `${window.countOf("now")}`);
  });

  it("a fast kind that stalls keeps only its share after a few seconds, if other kinds wait", () => {
    const window = new Window(64);
    window.offer("still", 10_000, -10_000_000);
    for (let rounds = 0; rounds < 10; rounds++) {
      window.runUntilStable();
      window.work("still", 32);
    }
    window.runUntilStable();
    window.offer("work", 100);
    window.runUntilStable();
    for (let seconds = 0; seconds < 12; seconds++) window.lines.age();
    window.runUntilStable();
    assert.equal(window.countOf("work"), 16);
    assert.equal(window.countOf("still"), 48);
  });

  it("no task is recalled if one kind is alone, or no other kind needs room", () => {
    const window = new Window(16);
    window.offer("work", 100);
    assert.equal(window.runUntilStable(), 0);
    window.offer("other", 2);
    assert.ok(window.runUntilStable() <= 2);
    assert.equal(window.countOf("other"), 2);
  });

  it("kinds beyond the limit are treated as one kind, and all offered tasks are done", () => {
    const window = new Window(32);
    for (let kind = 0; kind < 200; kind++) window.offer(`work-${kind}`, 3);
    let done = 0;
    for (let rounds = 0; rounds < 1_000 && done < 600; rounds++) {
      window.runUntilStable();
      for (const { effect } of [...window.withPool]) done += window.work(effect.profile.capability, 1);
    }
    assert.equal(done, 600);
    assert.ok(window.lines.isEmpty);
  });
});
