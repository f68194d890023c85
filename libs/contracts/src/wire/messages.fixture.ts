/**
 * Random messages of any kind, for properties of codecs: rare fields and unusual values as well as common ones.
 */
import fc from "fast-check";
import { AgentFrame, HostFrame } from "../generated/agent/v1.ts";
import { Record as JournalRecord } from "../generated/runtime/v1.ts";
import { OfferRequest } from "../generated/swarm/v1.ts";

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

/** A sixteenth of a frame of 64 results, with the common fields. */
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

/** The same for assignments. */
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

const sint32 = fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer());
/** Common fields of offers. */
const dailyOffer = {
  token,
  profile: uint32,
  input: sometimes(choice("inlineInput", bytes)),
  attempt: uint32,
  priority: sint32,
  waitedMs: double,
  workId: text,
  taskId: text,
  idempotencyKey: text,
  traceparent: text,
  saved: bytes,
  totalMs: double,
  dueMs: double,
};

export const dailyOfferRequests: fc.Arbitrary<OfferRequest> = fc
  .record({
    offers: fc.array(fc.record(dailyOffer, { requiredKeys: ["token"] }), { maxLength: 4 }),
    resultsDurable: uint32,
    resultsDurableBeyond: fc.array(uint32, { maxLength: 3 }),
  })
  .map((request) => OfferRequest.fromPartial(request));

const offers = fc.record(
  {
    ...dailyOffer,
    input: sometimes(fc.oneof(choice("inlineInput", bytes), choice("inputPayload", payload))),
    labels: fc.array(fc.record({ name: text, value: text }), { maxLength: 2 }),
    limits: fc.array(fc.record({ key: text, maxConcurrent: uint32 }), { maxLength: 2 }),
    budget: sometimes(amounts),
    accessToken: text,
    contextKey: text,
    stickyKey: text,
    onlyAgents: fc.array(text, { maxLength: 2 }),
    notAgents: fc.array(text, { maxLength: 2 }),
    share: sometimes(fc.record({ key: text, weight: double })),
    gang: sometimes(fc.record({ name: text, size: uint32 })),
  },
  { requiredKeys: ["token"] },
);

export const offerRequests: fc.Arbitrary<OfferRequest> = fc
  .record(
    {
      hello: fc.record({ version: uint32, instanceId: text, service: text }),
      pools: fc.array(fc.record({ number: uint32, pool: text }), { maxLength: 2 }),
      profiles: fc.array(fc.record({ number: uint32, capability: text, weight: double }), { maxLength: 2 }),
      offers: fc.array(offers, { maxLength: 4 }),
      recalls: fc.array(token, { maxLength: 2 }),
      cancels: fc.array(fc.record({ token, reason: text, graceMs: double }), { maxLength: 2 }),
      priorities: fc.array(fc.record({ token, priority: sint32 }), { maxLength: 2 }),
      resultsDurable: uint32,
      resultsDurableBeyond: fc.array(uint32, { maxLength: 3 }),
      waiting: fc.record({ entries: fc.array(fc.record({ profile: uint32, count: double })) }),
      released: fc.array(token, { maxLength: 2 }),
    },
    { requiredKeys: [] },
  )
  .map((request) => OfferRequest.fromPartial(request));
