import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Members } from "../agents/models/wire.ts";
import { type CodingProfile, claude, codex, gemini } from "./profiles.ts";
import { CodingSpending } from "./spending.ts";

const limits = (tokens: number, money = 0) => ({ tokens, money, timeMs: 0 });
const price = { any: { input: 10, output: 50 } };

/** Feeds lines as a program prints them. Returns the use after each line. */
function usedAfter(spending: CodingSpending, lines: readonly (readonly [Read, Members])[]) {
  return lines.map(([read, line]) => {
    spending.count(read(line));
    const { tokens, usd } = spending.used;
    return [tokens, usd];
  });
}

type Read = NonNullable<CodingProfile["read"]>;
const readOf = ({ read, log }: CodingProfile) => {
  assert.ok(read !== undefined);
  return { read, log: log?.read ?? read };
};

describe("the usage that a coding program reports", () => {
  it("is for Claude Code each answer, and at the end the tokens of the turn and the cost of the session", () => {
    const { read } = readOf(claude);
    const usage = { input_tokens: 100, cache_read_input_tokens: 900, output_tokens: 1 };
    const message = { id: "m1", model: "claude-sonnet-4-5", usage };
    const delta = { type: "message_delta", usage: { output_tokens: 50 } };
    const result = {
      ...{ type: "result", subtype: "success", num_turns: 2, total_cost_usd: 0.02 },
      usage: { ...usage, cache_creation_input_tokens: 7, output_tokens: 90 },
    };
    const spending = new CodingSpending();
    const used = usedAfter(spending, [
      [read, { type: "assistant", session_id: "s", message }],
      [read, { type: "stream_event", api_message_id: "m1", event: delta }],
      [read, { type: "assistant", session_id: "s", message }],
      [read, { ...result, session_id: "s" }],
      [read, { ...result, session_id: "s", total_cost_usd: 0.05 }],
    ]);
    assert.deepEqual(used, [
      [101, 0.000585],
      [150, 0.00132],
      [150, 0.00132],
      [197, 0.02],
      [394, 0.05],
    ]);
  });

  it("is for Codex the total of the session, in its log and at the end of each turn", () => {
    const { read, log } = readOf(codex);
    const total = (input_tokens: number) => ({ input_tokens, cached_input_tokens: 400, output_tokens: 60 });
    const counted = (input: number) => ({
      type: "event_msg",
      payload: { type: "token_count", info: { total_token_usage: total(input) } },
    });
    const used = usedAfter(new CodingSpending(limits(0), { gpt: price.any }), [
      [read, { type: "thread.started", thread_id: "t" }],
      [log, counted(500)],
      [log, { type: "event_msg", payload: { type: "token_count", info: null } }],
      [read, { type: "turn.completed", usage: total(600) }],
      [log, counted(500)],
      [read, { type: "turn.completed", usage: total(1_000) }],
    ]);
    assert.deepEqual(
      used.map(([tokens]) => tokens),
      [0, 160, 160, 260, 260, 660],
    );
  });

  it("is for Gemini CLI each answer in its log once, and the turn at its end", () => {
    const { read, log } = readOf(gemini);
    const answer = (id: string, output: number) => ({
      ...{ type: "gemini", id },
      tokens: { input: 1_000, cached: 200, output, thoughts: 5 },
    });
    const stats = { input: 1_600, cached: 400, output_tokens: 40 };
    const used = usedAfter(new CodingSpending(limits(0), { gemini: price.any }), [
      [read, { type: "init", session_id: "g", model: "gemini-2.5-pro" }],
      [log, answer("a", 10)],
      [log, answer("a", 10)],
      [log, answer("b", 10)],
      [read, { type: "result", status: "success", stats }],
      [log, answer("b", 10)],
    ]);
    assert.deepEqual(used, [
      [0, 0],
      [815, 0.01075],
      [815, 0.01075],
      [1_630, 0.0215],
      [1_640, 0.022],
      [1_640, 0.022],
    ]);
  });
});

describe("the budget of a coding task", () => {
  it("is used up when one of its limits is reached", () => {
    const spending = new CodingSpending(limits(100, 1));
    spending.count({ tokens: 99, usd: 0.4 });
    assert.deepEqual([spending.usedUp, spending.usdLeft], [undefined, 0.6]);
    spending.count({ usd: 0.6 });
    assert.equal(spending.usedUp, "$1 of $1 are used");
    spending.count({ tokens: 1 });
    assert.equal(spending.usedUp, "100 of 100 tokens are used");
    const without = new CodingSpending();
    without.count({ tokens: 1e9, usd: 1e9 });
    assert.deepEqual([without.usedUp, without.usdLeft, without.isLimited], [undefined, undefined, false]);
  });

  it("counts the usage of a killed worker once, also if the session reports it again", () => {
    const spending = new CodingSpending();
    spending.resume("s", { tokens: 50, usd: 0.5 });
    spending.count({ session: "s", turns: 1, tokens: 10, sessionUsd: 0.7 });
    assert.deepEqual(spending.used, { tokens: 60, usd: 0.7 });
    spending.count({ session: "other", turns: 1, sessionUsd: 0.2 });
    assert.deepEqual(spending.used, { tokens: 60, usd: 0.9 });
  });

  it("is rejected for a program whose usage is unknown", () => {
    const plain: CodingProfile = { name: "plain", command: () => ["plain"], env: [] };
    const refused = (profile: CodingProfile, limit: readonly [number, number], model?: string) => {
      const spending = new CodingSpending(limits(...limit), { own: price.any });
      try {
        spending.check(profile, model);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.match(refused(plain, [100, 0]), /`plain` cannot keep .* it is not known how many tokens it uses/);
    assert.match(refused(codex, [0, 1]), /what its model costs/);
    assert.match(refused(codex, [0, 1], "unheard-1"), /what unheard-1 costs/);
    const problems = [
      refused(plain, [0, 0]),
      refused(codex, [100, 0]),
      refused(codex, [100, 1], "own-2"),
      refused(codex, [0, 1], "gpt-5"),
      refused(claude, [100, 1], "unheard-1"),
      refused({ ...plain, acp: true }, [100, 0]),
    ];
    assert.deepEqual(problems, ["", "", "", "", "", ""]);
  });
});
