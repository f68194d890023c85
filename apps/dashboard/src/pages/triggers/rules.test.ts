import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Trigger } from "@tutti/rest/types";
import {
  countFacts,
  createCommand,
  emptyTrigger,
  eventDraftOf,
  eventOf,
  postCommand,
  postedEventOf,
  postedText,
  rangeOf,
  replayCommand,
  ruleFacts,
  sourceText,
  testCommand,
  triggerBody,
  triggerProblems,
  webhookPath,
} from "./rules.ts";

describe("triggers", () => {
  const trigger = { triggerId: "orders", labels: {}, recent: [] } as const;

  it("describes in words what starts a run", () => {
    const table: readonly (readonly [source: Parameters<typeof sourceText>[0], words: string])[] = [
      [{ event: { type: "shop.order.*" } }, "shop.order.*"],
      [{ event: { type: "shop.>", source: "/shop" } }, "shop.> of /shop"],
      [{ runEnd: { definition: "import", ends: [] } }, "after import: completed"],
      [
        { runEnd: { definition: "import", ends: ["failed", "cancelled"] } },
        "after import: failed or cancelled",
      ],
      [undefined, ""],
    ];
    for (const [source, expected] of table) assert.equal(sourceText(source), expected);
  });

  it("shows rules that are not the defaults, and counts that are not 0", () => {
    assert.deepEqual(
      ruleFacts(trigger).map(([name]) => name),
      ["Key", "A key counts as seen"],
    );
    const policy = {
      debounceMs: 5_000,
      batchSize: 100,
      throttleCount: 3,
      throttlePerMs: 60_000,
      singleton: "queue",
    };
    assert.deepEqual(
      ruleFacts({ ...trigger, condition: "event.data.total > 0", windowMs: 60_000, policy } as Trigger),
      [
        ["If", "event.data.total > 0", true],
        ["Key", "source and id of the event", false],
        ["A key counts as seen", "for 1 min", false],
        ["Debounce", "5 s without an event, at most 50 s", false],
        ["Batch", "100 events, or 1 s", false],
        ["Throttle", "3 runs in 1 min", false],
        ["While a run has not ended", "queue events", false],
      ],
    );
    assert.deepEqual(countFacts({ counts: { received: 3, waiting: 2 } }), [
      ["Received", 3],
      ["Started", 0],
      ["Duplicates", 0],
      ["Dead letters", 0],
      ["Waiting", 2],
    ]);
  });

  it("names missing fields, and sends the filled ones", () => {
    assert.deepEqual(Object.keys(triggerProblems(emptyTrigger)), ["id", "workflow", "event"]);
    const after = { ...emptyTrigger, id: "mails", workflow: "mail", kind: "runEnd" } as const;
    assert.deepEqual(Object.keys(triggerProblems(after)), ["after"]);
    const draft = { ...emptyTrigger, id: " orders ", workflow: "order", event: "shop.>", condition: "a > 0" };
    assert.deepEqual(triggerProblems(draft), {});
    assert.deepEqual(triggerBody(draft), {
      ...{ triggerId: "orders", source: { event: { type: "shop.>" } }, condition: "a > 0" },
      run: { definition: { name: "order" } },
    });
    assert.equal(createCommand(draft), "tutti trigger create orders order --event 'shop.>' --if 'a > 0'");
    assert.equal(
      createCommand({ ...after, after: "import" }),
      "tutti trigger create mails mail --after-run import",
    );
  });

  it("creates webhooks with their secret, and shows their path", () => {
    const draft = {
      ...emptyTrigger,
      id: "reviews",
      workflow: "review",
      kind: "webhook",
      preset: "github",
    } as const;
    assert.deepEqual(Object.keys(triggerProblems(draft)), ["secret"]);
    const source = { webhook: { preset: "github" as const, secrets: ["code"] } };
    assert.deepEqual(triggerBody({ ...draft, secret: " code" }).source, source);
    assert.equal(
      createCommand({ ...draft, secret: "code" }),
      "tutti trigger create reviews review --webhook-of github --signed-by code",
    );
    assert.equal(
      webhookPath({ triggerId: "reviews", namespace: "shop", source }),
      "/v1/webhooks/shop/reviews",
    );
    assert.equal(sourceText(source), "webhooks of github");
    assert.equal(eventDraftOf({ triggerId: "reviews", source }).type, "webhook.reviews");
  });

  it("tests an event of the trigger's type, or the newest event of the log", () => {
    const draft = eventDraftOf({ triggerId: "orders", source: { event: { type: "shop.*.made.>" } } });
    assert.equal(draft.type, "shop.any.made.any");
    assert.deepEqual(eventOf(draft, "test"), { ok: true, event: undefined, data: undefined });
    const data = { id: 7 };
    assert.deepEqual(eventOf({ ...draft, data: '{"id": 7}' }, "test"), {
      ...{ ok: true, data },
      event: { id: "test", source: "/tutti/dashboard", type: "shop.any.made.any", data },
    });
    assert.equal(eventOf({ ...draft, data: "{" }, "test").ok, false);
    assert.equal(testCommand("orders", data), `tutti trigger test orders --input '{"id":7}'`);
  });

  it("posts an event with or without data, and reports who receives it", () => {
    const draft = { type: " shop.paid ", data: "" };
    const event = { id: "e1", source: "/tutti/dashboard", type: "shop.paid" };
    assert.deepEqual(postedEventOf(draft, "e1"), { ok: true, event, data: undefined });
    assert.deepEqual(postedEventOf({ ...draft, data: "[1]" }, "e1"), {
      ...{ ok: true, data: [1] },
      event: { ...event, data: [1] },
    });
    assert.equal(postedEventOf({ type: "", data: "" }, "e1").ok, false);
    assert.equal(
      postCommand(draft, { id: 7 }, "e1"),
      `tutti event post shop.paid --input '{"id":7}' --id e1 --source /tutti/dashboard`,
    );
    assert.equal(
      postedText({ events: 1 }),
      "Posted. It matches no trigger, and goes to runs that wait for it.",
    );
    assert.equal(
      postedText({ events: 1, matched: 2, duplicates: 1 }),
      "Posted. It matches 2 triggers. Seen before by 1 trigger.",
    );
  });

  it("replays a range, which has to end after its start", () => {
    assert.deepEqual(rangeOf({ from: "", to: "" }), {});
    const from = "2026-05-01T12:00:00Z";
    const range = rangeOf({ from, to: "" });
    assert.deepEqual(range, { fromMs: Date.parse(from) });
    assert.equal(
      replayCommand("orders", { fromMs: Date.parse(from) }),
      "tutti trigger replay orders --since 2026-05-01T12:00:00.000Z",
    );
    assert.equal(typeof rangeOf({ from, to: from }), "string");
  });
});
