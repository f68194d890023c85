/** Messages of any kind, for properties of codecs: rare fields and odd values as well as the ones of every day. */
import fc from "fast-check";
import { AgentFrame, HostFrame } from "../generated/agent/v1.ts";
import { Record as JournalRecord } from "../generated/runtime/v1.ts";

const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }));
const double = fc.oneof(fc.nat(10_000), fc.double({ noNaN: true })).map((value) => (value === 0 ? 0 : value));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 110, maxLength: 140 }),
  fc.uint8Array({ maxLength: 20_000 }),
);
const token = fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ maxLength: 20 }));
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 100 }),
  fc.string({ minLength: 100, maxLength: 300 }),
);
const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 4 });
const choice = <const C extends string, T>($case: C, value: fc.Arbitrary<T>) =>
  fc.record({ $case: fc.constant($case), value });

const amounts = fc.record({ tokens: double, money: double, timeMs: double });
const payload = fc.record({
  body: sometimes(
    fc.oneof(choice("inline", bytes), choice("blob", fc.record({ sha256: bytes, size: double }))),
  ),
  mediaType: text,
});
const errorDetail = fc.record({ code: text, message: text, details: fc.dictionary(text, text) });

const assigns = fc.record(
  {
    token,
    capability: uint32,
    input: sometimes(fc.oneof(choice("inlineInput", bytes), choice("inputPayload", payload))),
    attempt: uint32,
    runMs: double,
    heartbeatMs: double,
    workId: text,
    taskId: text,
    idempotencyKey: text,
    traceparent: text,
    saved: bytes,
    totalMs: double,
    labels: fc.array(fc.record({ name: text, value: text }), { maxLength: 3 }),
    namespace: text,
    workKind: text,
    budget: sometimes(amounts),
    accessToken: text,
    contextKey: text,
  },
  { requiredKeys: ["token"] },
);

const results = fc.record(
  {
    token,
    outcome: sometimes(
      fc.oneof(
        { arbitrary: choice("inlineOutput", bytes), weight: 4 },
        choice("outputPayload", payload),
        choice("failed", errorDetail),
        choice("stopped", fc.record({ message: text })),
        choice("busy", fc.record({ retryAfterMs: double, message: text })),
      ),
    ),
    runMs: double,
    used: sometimes(amounts),
  },
  { requiredKeys: ["token"] },
);

export const agentFrames: fc.Arbitrary<AgentFrame> = fc
  .record(
    {
      sequence: uint32,
      acknowledged: uint32,
      started: fc.array(fc.record({ token, agoMs: double }), { maxLength: 3 }),
      progress: fc.array(fc.record({ token, saved: bytes, fraction: double, message: text }), {
        maxLength: 2,
      }),
      partialOutputs: fc.array(fc.record({ token, index: uint32, chunk: bytes, channel: text }), {
        maxLength: 2,
      }),
      results: fc.array(results, { maxLength: 5 }),
      credit: uint32,
      heartbeat: fc.record({ freeSlots: uint32, freeResources: fc.dictionary(text, double) }),
      bye: fc.record({ reason: text, returnAfterMs: double }),
    },
    { requiredKeys: [] },
  )
  .map((frame) => AgentFrame.fromPartial(frame));

export const hostFrames: fc.Arbitrary<HostFrame> = fc
  .record(
    {
      sequence: uint32,
      acknowledged: uint32,
      assignments: fc.array(assigns, { maxLength: 5 }),
      resultsDurable: uint32,
      resultsDurableBeyond: fc.array(uint32, { maxLength: 5 }),
      cancels: fc.array(fc.record({ token, reason: text, graceMs: double }), { maxLength: 2 }),
      extensions: fc.array(fc.record({ token, runMs: double, totalMs: double }), { maxLength: 2 }),
      answer: sometimes(
        fc.oneof(
          choice("redirect", fc.record({ address: text, instance: text, epoch: double, delayMs: double })),
          choice("refused", fc.record({ error: errorDetail })),
        ),
      ),
      capabilityNumbers: fc.record({ numbers: fc.dictionary(text, uint32) }),
      drain: fc.record({ reason: text, deadlineMs: double }),
    },
    { requiredKeys: [] },
  )
  .map((frame) => HostFrame.fromPartial(frame));

export const journalRecords: fc.Arbitrary<JournalRecord> = fc
  .record(
    {
      namespace: text,
      kind: text,
      id: text,
      event: uint32,
      type: text,
      version: uint32,
      payload: bytes,
      previousBatch: fc.maxSafeNat(),
      previousIndex: uint32,
      cause: fc.record({ actor: fc.record({ id: text }), traceparent: text, decision: text, reason: text }),
    },
    { requiredKeys: [] },
  )
  .map((record) => JournalRecord.fromPartial(record));

/** A sixteenth of a frame of 64 results, with the fields that they mostly have. */
export const dailyAgentFrames: fc.Arbitrary<AgentFrame> = fc
  .record({
    sequence: uint32,
    acknowledged: uint32,
    credit: uint32,
    results: fc.array(
      fc.record({ token, outcome: sometimes(choice("inlineOutput", bytes)), runMs: double }),
      {
        maxLength: 4,
      },
    ),
  })
  .map((frame) => AgentFrame.fromPartial(frame));

/** The same of assignments. */
export const dailyHostFrames: fc.Arbitrary<HostFrame> = fc
  .record({
    sequence: uint32,
    acknowledged: uint32,
    resultsDurable: uint32,
    assignments: fc.array(
      fc.record({
        token,
        capability: uint32,
        input: sometimes(choice("inlineInput", bytes)),
        attempt: uint32,
        runMs: double,
        heartbeatMs: double,
        workId: text,
        taskId: text,
        traceparent: text,
      }),
      { maxLength: 4 },
    ),
  })
  .map((frame) => HostFrame.fromPartial(frame));
