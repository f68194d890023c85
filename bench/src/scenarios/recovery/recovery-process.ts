/**
 * Machines on a real disk in a process of its own, to be killed and started again:
 * node recovery-process.ts DIRECTORY LIVE
 *
 * It says `ready` when it has taken a first command, and `served` when the effects of so many machines have been
 * dispatched again. Then it is asked to begin more machines, or how it stands.
 */
import { readFileSync } from "node:fs";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import type { DueEffect, Outcome } from "@tutti/runtime";
import { chain, chainKind, start } from "../runtime/chain-machine.ts";
import { openRuntime } from "../runtime/storage.ts";
import { sleep, sleeper, sleeperKind } from "./sleeper-machine.ts";

export type RecoveryQuestion =
  /** Begin so many chains or sleepers, with numbers from here on. */
  | { readonly begin: "live" | "sleeping"; readonly count: number; readonly from: number }
  | { readonly ask: "figures" };

export type RecoveryAnswer =
  | { readonly kind: "ready" | "served" | "begun" }
  | {
      readonly kind: "figures";
      readonly loaded: number;
      readonly live: number;
      readonly rssMiB: number;
      readonly peakMiB: number;
      /** Bytes that a restart has to read from the journal. */
      readonly tailBatches: number;
    };

const [directory = "", live = "0"] = process.argv.slice(2);
const dueMs = Date.now() + 30 * 24 * 3_600_000;
const underWayMax = 20_000;
const cause: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "bench" },
  ...{ traceparent: "", decision: "", reason: "" },
};
const payload = new Uint8Array(100).fill(120);

process.once("disconnect", () => process.exit(0));
let dispatched = 0;
const { runtime, journal } = await openRuntime(directory, "chains", {
  machines: [chain, sleeper],
  effects: { dispatch, withdraw() {} },
});
await runtime.start();
await new Promise<void>((resolve) => begin("sleeping", `probe-${process.pid}`, () => resolve()));
say({ kind: "ready" });
noteServed();

process.on("message", (question: RecoveryQuestion) => {
  if ("ask" in question) say(figures());
  else void beginAll(question).then(() => say({ kind: "begun" }));
});

function dispatch(effects: readonly DueEffect[]): void {
  dispatched += effects.length;
  noteServed();
}

function noteServed(): void {
  if (dispatched < Number(live) || dispatched === Number.POSITIVE_INFINITY) return;
  say({ kind: "served" });
  dispatched = Number.POSITIVE_INFINITY;
}

function say(answer: RecoveryAnswer): void {
  process.send?.(answer);
}

function beginAll({ begin: what, count, from }: Extract<RecoveryQuestion, { begin: string }>): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    let done = 0;
    const answered = (): void => {
      if (++done === count) resolve();
      else if (next < count) begin(what, `${what}-${from + next++}`, answered);
    };
    while (next < Math.min(count, underWayMax)) begin(what, `${what}-${from + next++}`, answered);
  });
}

function begin(what: "live" | "sleeping", id: string, answered: () => void): void {
  const answer = (outcome: Outcome): void => {
    if (outcome.kind === "refused") throw new Error(outcome.refusal.message);
    answered();
  };
  const common = { cause, idempotencyKey: "", token: undefined, answer };
  const key = { namespace: "default", kind: what === "live" ? chainKind : sleeperKind, id };
  runtime.submit(
    what === "live"
      ? { ...common, key, command: start, body: payload }
      : { ...common, key, command: sleep, body: dueMs },
  );
}

function figures(): RecoveryAnswer {
  const standings = runtime.standings();
  const sum = (of: (standing: (typeof standings)[number]) => number): number =>
    standings.reduce((total, standing) => total + of(standing), 0);
  const status = readFileSync("/proc/self/status", "utf8");
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
  return {
    kind: "figures",
    loaded: sum(({ loaded }) => loaded),
    live: sum((standing) => standing.live),
    rssMiB: mebibytes("VmRSS"),
    peakMiB: mebibytes("VmHWM"),
    tailBatches: journal.partitions.reduce((total, { first, last }) => total + last.number - first + 1, 0),
  };
}
