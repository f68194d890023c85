import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { urlProblem } from "@tutti/host/outgoing";
import type { Run } from "@tutti/rest/types";
import { A2aError } from "../protocol.ts";
import { observed } from "./push-change.ts";
import { configOf, headersOf, publicConfig, pushConfigIn, textOf } from "./push-config.ts";
import { isObserve, isPost, pushRunId } from "./push-runs.ts";
import { contentId, keyVersionOf, seal, unseal } from "./push-sealing.ts";

const url = "https://client.example/hook";
const config = { id: "c", url, token: "t", authentication: { scheme: "Bearer", credentials: "s" } };
const read = (from: Record<string, unknown>) => pushConfigIn(from, (address) => urlProblem(address, false));
const run = (more: Partial<Run>): Run => ({ runId: "r", status: "running", ...more }) as Run;

describe("a push configuration", () => {
  it("is read with its headers, and returned without its secrets", () => {
    assert.deepEqual(read({ ...config, taskId: "x" }), config);
    assert.deepEqual(read({ url, authentication: null }), { id: "", url, token: "" });
    assert.deepEqual(configOf(textOf(config)), config);
    assert.deepEqual(headersOf(config, "run-1"), {
      ...{ "content-type": "application/a2a+json", "webhook-id": "run-1" },
      ...{ "x-a2a-notification-token": "t", authorization: "Bearer s" },
    });
    const expected = { id: "c", taskId: "x", url, authentication: { scheme: "Bearer" } };
    assert.deepEqual(publicConfig(config, "x"), expected);
  });

  it("is refused if the platform cannot send it, or may not call its URL", () => {
    for (const wrong of [
      {},
      ...[
        "http://client.example",
        "https://127.0.0.1/x",
        "https://169.254.169.254/",
        "https://a:b@c.example",
      ].map((address) => ({ url: address })),
      { url: `https://client.example/${"x".repeat(2_048)}` },
      { url, token: "a\r\nb: c" },
      { url, token: "x".repeat(1_025) },
      { url, id: "a b" },
      { url, authentication: { scheme: "Bearer x", credentials: "" } },
      { url, authentication: { scheme: "Bearer", credentials: "a\nb" } },
    ])
      assert.throws(() => read(wrong), A2aError, JSON.stringify(wrong));
  });
});

describe("the seal of a push configuration", () => {
  const key = { version: 3, value: new Uint8Array(32).fill(7) };
  const place = { namespace: "default", runId: "a" };

  it("opens for its run and key alone, and is the same again", () => {
    const sealed = seal("secret", place, key);
    assert.equal(seal("secret", place, key), sealed);
    assert.equal(keyVersionOf(sealed), 3);
    assert.equal(unseal(sealed, place, key), "secret");
    assert.equal(unseal(sealed, { ...place, runId: "b" }, key), undefined);
    assert.equal(unseal(sealed, { ...place, namespace: "b" }, key), undefined);
    assert.equal(unseal(sealed, place, { ...key, value: new Uint8Array(32) }), undefined);
    assert.equal(unseal(`${sealed.slice(0, -2)}AA`, place, key), undefined);
    assert.equal(keyVersionOf("x"), undefined);
  });

  it("has an id from task and content if none is set", () => {
    const ids = [contentId("a", "t", key), contentId("b", "t", key), contentId("a", "u", key)];
    assert.equal(new Set(ids).size, 3);
    assert.equal(contentId("a", "t", key), ids[0]);
    assert.notEqual(pushRunId("t", "c", 0), pushRunId("t", "c", 1));
  });
});

describe("tasks of a configuration", () => {
  it("belong to its rounds, and callers cannot add any", () => {
    assert.ok(isObserve("push#12.observe") && isPost("push#12.post"));
    for (const other of ["observe", "push.post", "x#1.post", "push#1.post.more"])
      assert.ok(!isObserve(other) && !isPost(other), other);
  });
});

describe("a change of a task", () => {
  const question = { kind: "signals", signals: ["go"] } as const;

  it("is another state, question or artifact, and no progress", () => {
    const working = observed(run({ eventCount: 1 }), undefined, "");
    assert.ok(working.changed && !working.ended);
    const tasks = { total: 4, completed: 2 } as NonNullable<Run["tasks"]>;
    assert.equal(observed(run({ eventCount: 9, tasks }), undefined, working.shown).changed, false);
    const waiting = observed(run({}), question, working.shown);
    assert.match(JSON.stringify(waiting.body), /TASK_STATE_INPUT_REQUIRED/);
    assert.equal(observed(run({ eventCount: 5 }), question, waiting.shown).changed, false);
    assert.ok(observed(run({}), { ...question, signals: ["on"] }, waiting.shown).changed);
    const done = observed(
      run({ status: "completed", outcome: { completed: "x" } }),
      undefined,
      waiting.shown,
    );
    assert.ok(done.changed && done.ended);
    assert.match(JSON.stringify(done.body), /"text":"x"/);
  });

  it("omits an artifact that is too large, and reports it", () => {
    const { body } = observed(
      run({ status: "completed", outcome: { completed: "x".repeat(600_000) } }),
      undefined,
      "",
    );
    assert.ok(JSON.stringify(body).length < 1_000);
    assert.match(JSON.stringify(body), /"tutti\/artifacts":"omitted"/);
  });
});
