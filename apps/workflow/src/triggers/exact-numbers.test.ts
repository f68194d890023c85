import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CloudEvent, TriggerPlan } from "@tutti/contracts/workflow/v1";
import { parseExactly, writeExactly } from "@tutti/expressions";
import { cloudEventMessage, eventJsonOf, postedEvent, ReadEvent } from "./events.ts";
import { itemOf, Matching } from "./matching.ts";

const parse = (data: string) =>
  new ReadEvent(
    postedEvent(
      CloudEvent.fromPartial({
        ...{ id: "e", source: "/shop", type: "shop.order.created" },
        data: { body: { $case: "inline", value: Buffer.from(data) } },
      }),
      "default",
      0,
    ),
  );

const matching = (plan: Partial<TriggerPlan>) => new Matching(TriggerPlan.fromPartial(plan), "t");

describe("whole numbers of events beyond the precision of a double", () => {
  const one = parse('{"id":9007199254740993}');
  const other = parse('{"id":9007199254740992}');

  it("make different keys, groups and run ids", () => {
    for (const key of ["event.data.id", "string(event.data.id)", "event.data", "[event.data.id]"]) {
      const plan = { key, policy: { group: key }, runId: "order-${{ event.data.id }}" };
      const rules = matching(TriggerPlan.fromPartial(plan));
      const [first, second] = [one, other].map(({ json, bytes }) =>
        itemOf(rules.outcomeOf(json), json, bytes),
      );
      assert.equal(first?.message, "");
      assert.notEqual(first?.keyDigest, second?.keyDigest);
      assert.notEqual(first?.group, second?.group);
      assert.equal(first?.runId, "order-9007199254740993");
    }
  });

  it("are compared exactly in conditions, also with smaller numbers", () => {
    const matches = (condition: string) => matching({ condition }).outcomeOf(one.json).kind;
    assert.equal(matches("event.data.id == 9007199254740993"), "match");
    assert.equal(matches("event.data.id == 9007199254740992"), "none");
    assert.equal(matches("event.data.id > 100"), "match");
    assert.equal(matches("event.data.id > 0.5"), "match");
    assert.equal(matches("event.data.id + 1 > 100"), "match");
  });

  it("reach runs, dead letters and the stored event with every digit", () => {
    const stored = eventJsonOf(one.bytes);
    assert.match(Buffer.from(one.bytes).toString(), /"data":\{"id":9007199254740993\}/);
    const input = (text: string) => {
      const outcome = matching({ with: Buffer.from(text) }).inputOf(stored);
      assert.ok(outcome.ok);
      return writeExactly(outcome.value);
    };
    assert.equal(input(""), '{"id":9007199254740993}');
    assert.equal(input('"${{ event.data }}"'), '{"id":9007199254740993}');
    assert.equal(input('{"id":"${{ event.data.id }}"}'), '{"id":"9007199254740993"}');
    const { data } = cloudEventMessage(stored);
    assert.equal(Buffer.from(data?.body?.$case === "inline" ? data.body.value : []).toString(), input(""));
  });

  it("are exact beyond 64 bits, and an error if they are calculated with", () => {
    const { json } = parse('{"id":18446744073709551617}');
    assert.equal(
      matching({ condition: "event.data.id == 18446744073709551616.0" }).outcomeOf(json).kind,
      "none",
    );
    assert.equal(matching({ condition: "event.data.id + 1 > 1" }).outcomeOf(json).kind, "wrong");
    const outcome = matching({ key: "event.data.id" }).outcomeOf(json);
    assert.equal(outcome.kind === "match" && outcome.key, "key 18446744073709551617");
  });

  it("stay doubles if a program wrote a double, with an exponent or a fraction", () => {
    for (const text of ["123456789012345680000", "1e20", "0.12345678901234567", "9007199254740991"])
      assert.equal(parseExactly(text), JSON.parse(text));
    assert.equal(writeExactly(parseExactly("[-9223372036854775808]")), "[-9223372036854775808]");
  });
});
