/** Random requests of runs to cache entries, and a run that receives the replies. */

import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  AnswerCache,
  AskCache,
  CacheDone,
  CheckComputing,
  ForgetOutput,
  ReportComputing,
  StoreOutput,
} from "@tutti/contracts/workflow/v1";
import type { Command, InstanceKey, Machine } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc, { type Arbitrary } from "fast-check";

export const cacheService = "workflow";
export const cacheKey: InstanceKey = { namespace: "default", kind: "cache", id: "k" };

/** A run that asks the cache: it records the replies. */
export function asker(answers: AnswerCache[], checks: CheckComputing[] = []): Machine<object, never> {
  const answer: Command<object, AnswerCache, CacheDone, never> = {
    type: "answer_cache",
    codec: AnswerCache,
    reply: CacheDone,
    decide(_, body) {
      answers.push(body);
      return {};
    },
  };
  const check: Command<object, CheckComputing, CacheDone, never> = {
    type: "check_computing",
    codec: CheckComputing,
    reply: CacheDone,
    decide(_, body) {
      checks.push(body);
      return {};
    },
  };
  return {
    kind: "run",
    behaviour: 1,
    create: () => ({}),
    commands: [answer, check],
    events: [],
    queries: [],
    snapshots: {
      version: 1,
      encode: () => new Uint8Array(0),
      decode(bytes, version) {
        if (version !== 1 || bytes.length > 0) throw new RangeError("expected an empty state of version 1");
        return {};
      },
    },
    recover() {},
    describe: () => ({ status: WorkStatus.WORK_STATUS_RUNNING, definition: "", labels: {}, idChosen: false }),
    project: () => ({}),
  };
}

export function operations(): Arbitrary<MachineCall> {
  const key = fc.constantFrom("k", "l").map((id) => ({ ...cacheKey, id }));
  const run = fc.constantFrom("r", "s");
  const ask = fc
    .record({ runId: run, visit: fc.integer({ min: 1, max: 2 }), waits: fc.boolean(), auto: fc.boolean() })
    .map((question) => AskCache.fromPartial({ ...question, taskId: "t" }));
  const report = fc
    .record({ runId: run, visit: fc.integer({ min: 1, max: 2 }), computing: fc.boolean() })
    .map((report) => ReportComputing.fromPartial({ ...report, taskId: "t" }));
  const store = fc
    .record({
      value: fc.constantFrom("", "1", '"x"'),
      ttlMs: fc.constantFrom(0, 1_000, 60_000, 1e15),
      staleMs: fc.constantFrom(0, 10_000),
      startMs: fc.constantFrom(0, 1),
      auto: fc.boolean(),
      isFailure: fc.boolean(),
    })
    .map(({ value, isFailure, ...times }) =>
      StoreOutput.fromPartial({
        ...(value !== "" && { output: inline(value) }),
        ...(isFailure && { error: { code: "test.failed" } }),
        ...times,
      }),
    );
  const forget = fc.constantFrom(0, 1).map((evictStoreMs) => ForgetOutput.fromPartial({ evictStoreMs }));
  return fc.oneof(
    fc.record({ key, command: fc.constant("ask_cache"), body: ask }),
    fc.record({ key, command: fc.constant("report_computing"), body: report }),
    fc.record({ key, command: fc.constant("store_output"), body: store }),
    fc.record({ key, command: fc.constant("forget_output"), body: forget }),
  );
}

export function inline(json: string) {
  return { body: { $case: "inline" as const, value: new TextEncoder().encode(json) }, mediaType: "" };
}
