import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as events from "@tutti/contracts/session/v1";
import { SpanKind } from "@tutti/contracts/types/v1";
import { workNode } from "@tutti/host/serving";
import { Spans } from "./spans.ts";

const { SPAN_KIND_WHOLE: whole, SPAN_KIND_WAIT: wait, SPAN_KIND_PART: part } = SpanKind;

type Happened = readonly [type: string, payload: { finish(): Uint8Array }];

const accepted = (spec: object = {}): Happened => [
  "session_accepted",
  events.SessionAcceptedV1.encode(events.SessionAcceptedV1.fromPartial({ order: { spec }, createMs: 100 })),
];
const chosen = (chooseMs: number, parts: number): Happened => [
  "mode_chosen",
  events.ModeChosenV1.encode(
    events.ModeChosenV1.fromPartial({ chooseMs, parts: Array.from({ length: parts }, () => ({})) }),
  ),
];
const confirmed = (number: number): Happened => [
  "part_confirmed",
  events.PartConfirmedV1.encode(events.PartConfirmedV1.fromPartial({ part: number, confirmMs: 0 })),
];
const partEnded = (number: number, endMs: number): Happened => [
  "part_ended",
  events.PartEndedV1.encode(events.PartEndedV1.fromPartial({ part: number, endMs })),
];
const ended = (endMs: number): Happened => [
  "session_ended",
  events.SessionEndedV1.encode(events.SessionEndedV1.fromPartial({ endMs })),
];

function spansOf(...happened: readonly Happened[]) {
  const spans = new Spans();
  for (const [index, [type, payload]] of happened.entries())
    spans.apply({
      event: index + 1,
      type,
      payload: payload.finish(),
      timeMs: 0,
      traceparent: "",
      reason: "",
    });
  return spans.all.map(({ node, kind, startMs, endMs }) => [node, kind, startMs, endMs]);
}

describe("the time of a session", () => {
  it("is divided into parts, each from its creation to the end of its work", () => {
    const partMade: Happened = [
      "part_made",
      events.PartMadeV1.encode(events.PartMadeV1.fromPartial({ part: {}, makeMs: 300 })),
    ];
    const all = [accepted(), chosen(100, 2), confirmed(0), partMade, partEnded(0, 400), confirmed(1)];
    assert.deepEqual(spansOf(...all, partEnded(1, 500), partEnded(2, 600), ended(600)), [
      [workNode, whole, 100, 600],
      [0, part, 100, 400],
      [1, part, 100, 500],
      [2, part, 300, 600],
    ]);
  });

  it("is divided by the cause of the wait before its start: other sessions and locks, planning, choosing", () => {
    const requests: Happened = [
      "goal_asked",
      events.GoalAskedV1.encode(events.GoalAskedV1.fromPartial({ askMs: 200 })),
    ];
    const planned: Happened = [
      "goal_planned",
      events.GoalPlannedV1.encode(events.GoalPlannedV1.fromPartial({ planMs: 300 })),
    ];
    const choosing: Happened = [
      "choosing_begun",
      events.ChoosingBegunV1.encode(events.ChoosingBegunV1.fromPartial({ beginMs: 300 })),
    ];
    const dependent = accepted({ dependsOn: [{}] });
    assert.deepEqual(spansOf(dependent, requests, planned, choosing, chosen(350, 1)), [
      [workNode, whole, 100, undefined],
      [workNode, wait, 100, 200],
      [workNode, wait, 200, 300],
      [workNode, wait, 300, 350],
      [0, part, 350, undefined],
    ]);
  });

  it("ends at the stop for parts without work, and at their own end for other parts", () => {
    const stopped: Happened = [
      "session_stopped",
      events.SessionStoppedV1.encode(events.SessionStoppedV1.fromPartial({ stopMs: 200 })),
    ];
    const all = [accepted(), chosen(100, 2), confirmed(1), stopped, partEnded(1, 250), ended(260)];
    assert.deepEqual(spansOf(...all), [
      [workNode, whole, 100, 260],
      [0, part, 100, 200],
      [1, part, 100, 250],
    ]);
  });

  it("continues after a retry, with a new part", () => {
    const retried: Happened = [
      "session_retried",
      events.SessionRetriedV1.encode(events.SessionRetriedV1.fromPartial({ retryMs: 900 })),
    ];
    const all = [accepted(), chosen(100, 1), partEnded(0, 200), ended(200), retried, chosen(900, 1)];
    assert.deepEqual(spansOf(...all), [
      [workNode, whole, 100, undefined],
      [0, part, 100, 200],
      [1, part, 900, undefined],
    ]);
  });
});
