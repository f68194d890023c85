import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ActorKind } from "@tutti/contracts/types/v1";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import type { Order, Submission } from "@tutti/runtime";
import { Leases } from "./leases.ts";

const tokenOf = (number: number) => ({ partition: 0, incarnation: number, number: 2, attempt: 1 });
const key = { namespace: "acme", kind: "run", id: "r" };
const lease = (limit: string, ticket: number) => ({ limit, ticket, dueMs: 60_000 });

/** Limits that have lost the given tickets. */
class Limits {
  readonly requests: string[] = [];
  readonly lost = new Set<number>();
  readonly submissions: Submission[] = [];
  isUnavailable = false;

  execute<Body, Reply>({ key: { id, namespace }, body }: Order<Body, Reply>): Promise<Reply> {
    if (this.isUnavailable) return Promise.reject(new Error("away"));
    const { tickets } = body as { readonly tickets: readonly number[] };
    this.requests.push(`${namespace}/${id} ${tickets.join(",")}`);
    return Promise.resolve({ lost: tickets.filter((ticket) => this.lost.has(ticket)) } as Reply);
  }

  submit(submission: Submission): void {
    this.submissions.push(submission);
  }
}

function opened() {
  const limits = new Limits();
  const time = new VirtualTime();
  const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "workflow" };
  const cause = { actor, traceparent: "", decision: "", reason: "" };
  const leases = new Leases({
    runtime: limits,
    foundation: { timers: time, logger: recordingLogger() },
    cause,
  });
  leases.start();
  return { limits, time, leases };
}

describe("leases", () => {
  it("of one limit are renewed together, long before they expire", async () => {
    const { limits, time, leases } = opened();
    leases.track({ key, token: tokenOf(1) }, { kind: "renew_lease", leases: [lease("a", 1), lease("b", 4)] });
    leases.track({ key, token: tokenOf(2) }, { kind: "renew_lease", leases: [lease("a", 2)] });
    await time.advanceAsync(20_000);
    assert.deepEqual(limits.requests, ["acme/a 1,2", "acme/b 4"]);
  });

  it("are not renewed after their run has released them", async () => {
    const { limits, time, leases } = opened();
    leases.track({ key, token: tokenOf(1) }, { kind: "renew_lease", leases: [lease("a", 1)] });
    leases.remove(tokenOf(1));
    await time.advanceAsync(60_000);
    assert.deepEqual(limits.requests, []);
  });

  it("a lost lease is reported to its run, and an unavailable limit is retried", async () => {
    const { limits, time, leases } = opened();
    limits.isUnavailable = true;
    limits.lost.add(2);
    leases.track({ key, token: tokenOf(1) }, { kind: "renew_lease", leases: [lease("a", 1), lease("a", 2)] });
    await time.advanceAsync(20_000);
    assert.deepEqual(limits.submissions, []);
    limits.isUnavailable = false;
    await time.advanceAsync(20_000);
    assert.deepEqual(
      limits.submissions.map(({ token, body }) => [token, body]),
      [[tokenOf(1), { limit: "a", ticket: 2 }]],
    );
    leases.stop();
  });
});
