import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { enumName } from "@tutti/contracts/enum";
import { AdmissionRule, AdmissionSubject, Enforcement, FindingResult } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import fc from "fast-check";
import { type Admission, AdmissionRules, type Subject } from "./admission.ts";
import { changedAt, readPath } from "./field-path.ts";
import { compileRule } from "./rule-programs.ts";

type RuleParts = Parameters<typeof AdmissionRule.fromPartial>[0];

function rule(ruleId: string, parts: RuleParts): AdmissionRule {
  const subject = AdmissionSubject.ADMISSION_SUBJECT_REQUEST;
  return AdmissionRule.fromPartial({ namespace: "shop", ruleId, subject, ...parts });
}

const deny = (message: string) => ({ $case: "deny", value: { message } }) as const;
const note = (message: string) => ({ $case: "note", value: { message } }) as const;
const change = (set: Record<string, string>) => ({ $case: "change", value: { set } }) as const;

const largest = rule("largest", {
  when: 'actor.kind == "person" && !("managers" in actor.groups)',
  condition: "subject.amount <= 1000",
  verdict: deny("${{ actor.id }} may order for 1000 at most, got ${{ subject.amount }}"),
});

function admit(rules: readonly AdmissionRule[], body: Json, parts: Partial<Subject> = {}): Admission {
  return new AdmissionRules(rules).admit({
    kind: AdmissionSubject.ADMISSION_SUBJECT_REQUEST,
    body,
    namespace: "shop",
    action: "shop.orders.place",
    labels: { team: "till" },
    ...{ actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" }, groups: [] },
    ...parts,
  });
}

const summaries = ({ findings }: Admission) =>
  findings.map(({ rule: { ruleId }, result, message }) =>
    [ruleId, enumName(FindingResult, result).slice(15), message].join(" "),
  );

describe("an admission rule", () => {
  it("denies a subject whose condition fails, with its reason, and admits other subjects", () => {
    const refused = admit([largest], { amount: 2_000 });
    assert.equal(refused.admitted, false);
    assert.deepEqual(summaries(refused), ["largest DENIED ada may order for 1000 at most, got 2000"]);
    assert.deepEqual(summaries(admit([largest], { amount: 10 })), ["largest HELD "]);
    assert.deepEqual(summaries(admit([largest], { amount: 2_000 }, { groups: ["managers"] })), []);
    const plan = admit([largest], { amount: 2_000 }, { kind: AdmissionSubject.ADMISSION_SUBJECT_PLAN });
    assert.deepEqual([plan.admitted, plan.findings], [true, []]);
  });

  it("names a whole number of any length alone", () => {
    const noted = rule("seen", { verdict: note("${{ subject.id }}") });
    assert.deepEqual(summaries(admit([noted], { id: 1_234_567_890_123_456_789n } as never)), [
      "seen NOTED 1234567890123456789",
    ]);
  });

  it("applies in its namespace, and a rule of `system` applies everywhere and first", () => {
    const system = rule("z-first", { namespace: "system", verdict: note("seen in ${{ call.namespace }}") });
    assert.deepEqual(summaries(admit([largest, system], { amount: 9 })), [
      "z-first NOTED seen in shop",
      "largest HELD ",
    ]);
    assert.deepEqual(summaries(admit([largest, system], { amount: 9_999 }, { namespace: "bank" })), [
      "z-first NOTED seen in bank",
    ]);
    const rules = new AdmissionRules([largest]);
    const { ADMISSION_SUBJECT_REQUEST: request, ADMISSION_SUBJECT_PLAN: plan } = AdmissionSubject;
    assert.deepEqual(
      [rules.concerns(request, "shop"), rules.concerns(request, "bank"), rules.concerns(plan, "shop")],
      [true, false, false],
    );
  });

  it("requests an approval, unless another rule denies", () => {
    const approvalRule = rule("asks", {
      condition: "subject.amount < 100",
      verdict: {
        $case: "approval",
        value: {
          message: "Order for ${{ subject.amount }}?",
          deciders: ["group:managers"],
          timeoutMs: 60_000,
        },
      },
    });
    const { admitted, questions } = admit([approvalRule, largest], { amount: 500 });
    assert.equal(admitted, true);
    assert.deepEqual(
      questions.map(({ message, deciders, approvalsNeeded }) => ({ message, deciders, approvalsNeeded })),
      [{ message: "Order for 500?", deciders: ["group:managers"], approvalsNeeded: 1 }],
    );
    assert.deepEqual(admit([approvalRule, largest], { amount: 5_000 }).questions, []);
  });

  it("changes the request before any rule evaluates it, and does not modify the original subject", () => {
    const cheaper = rule("z-changes", {
      when: "subject.amount > 1000",
      verdict: change({
        amount: "1000",
        "labels.capped": '"by " + call.labels.team',
        'input.lines[0]["a b"]': "null",
      }),
    });
    const body = { amount: 2_000, input: { lines: [{ "a b": 1, kept: true }, 2] } };
    const before = structuredClone(body);
    const changed = admit([cheaper, largest], body);
    assert.deepEqual(body, before);
    assert.deepEqual(changed.body, {
      ...{ amount: 1_000, labels: { capped: "by till" } },
      input: { lines: [{ "a b": null, kept: true }, 2] },
    });
    assert.deepEqual(summaries(changed), [
      "z-changes CHANGED set amount, input.lines.0.a b, labels.capped",
      "largest HELD ",
    ]);
  });

  it("denies when it cannot be evaluated, and applies no partial change. A note only reports the error", () => {
    for (const [parts, pattern] of [
      [
        { when: "subject.missing > 1", verdict: deny("no") },
        /largest DENIED the rule cannot be evaluated: `subject\.missing/,
      ],
      [
        { condition: "int(subject.amount) / 0 > 1", verdict: deny("no") },
        /DENIED the rule cannot be evaluated/,
      ],
      [{ verdict: deny("${{ subject.missing }}") }, /DENIED/],
      [
        { verdict: change({ a: "1", "amount.cents": "2" }) },
        /amount\.cents: expected an object, got a number/,
      ],
      [{ verdict: change({ a: "1", "lines[3]": "2" }) }, /lines\.3: expected a list, got nothing/],
      [
        { verdict: change({ a: "1", b: "subject.missing" }) },
        /DENIED the rule cannot be evaluated: `subject\.missing`/,
      ],
    ] as const) {
      const found = admit([rule("largest", parts as RuleParts)], { amount: 7 });
      assert.equal(found.admitted, false);
      assert.deepEqual(found.body, { amount: 7 });
      assert.match(summaries(found).join("\n"), pattern);
    }
    const noteRule = admit([rule("notes", { when: "subject.missing", verdict: note("x") })], { amount: 7 });
    assert.equal(noteRule.admitted, true);
    assert.match(summaries(noteRule).join("\n"), /notes NOTED the rule cannot be evaluated/);
  });

  it("is evaluated in a bounded number of steps", () => {
    const body = { list: Array.from({ length: 1_000 }, (_, index) => index) };
    const slow = rule("slow", {
      condition: "subject.list.all(a, subject.list.all(b, a + b >= 0))",
      verdict: deny("no"),
    });
    assert.match(summaries(admit([slow], body)).join("\n"), /DENIED the rule cannot be evaluated/);
  });

  it("in shadow mode reports its effect without applying it, and a disabled rule is skipped", () => {
    const shadow = Enforcement.ENFORCEMENT_SHADOW;
    const shadowed = admit(
      [
        { ...largest, enforcement: shadow },
        rule("sets", { verdict: change({ amount: "1" }), enforcement: shadow }),
      ],
      { amount: 2_000 },
    );
    assert.equal(shadowed.admitted, true);
    assert.deepEqual(shadowed.body, { amount: 2_000 });
    assert.deepEqual(summaries(shadowed), [
      "sets SHADOWED set amount",
      "largest SHADOWED ada may order for 1000 at most, got 2000",
    ]);
    const off = admit([{ ...largest, enforcement: Enforcement.ENFORCEMENT_OFF }], { amount: 2_000 });
    assert.deepEqual([off.admitted, off.findings], [true, []]);
  });

  it("that this release cannot parse denies its subjects, in its namespace", () => {
    const unknown = rule("later", { condition: "subject.amount.isReasonable()", verdict: deny("no") });
    assert.deepEqual(new AdmissionRules([unknown]).unreadable, ["shop/later"]);
    assert.equal(admit([unknown], {}).admitted, false);
    assert.equal(admit([unknown], {}, { namespace: "bank" }).admitted, true);
  });
});

describe("a problem of a rule", () => {
  it("is reported with its field and place", () => {
    const compiled = compileRule(
      rule("faulty", {
        when: "subject.amount >",
        condition: '"yes"',
        verdict: change({ "a..b": "1", __proto__x: "1", good: "unknown.name", '["__proto__"].x': "1" }),
      }),
    );
    assert.ok(!compiled.ok);
    assert.deepEqual(
      compiled.problems.map(({ field, code, line, column }) => `${field} ${code} ${line}:${column}`).sort(),
      [
        'change.set["[\\"__proto__\\"].x"] invalid_path 1:1',
        'change.set["a..b"] invalid_path 1:2',
        'change.set["good"] unknown_name 1:1',
        "condition type_mismatch 1:1",
        "when syntax 1:17",
      ],
    );
    const invalid = compileRule(rule("none", {}));
    assert.ok(!invalid.ok);
    assert.equal(invalid.problems[0]?.field, "verdict");
  });
});

describe("a path to a field", () => {
  it("sets exactly the named field, with any steps", () => {
    const part = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9_-]{0,5}$/), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        fc.pre(!parts.includes("__proto__"));
        const text = parts.map((part) => `[${JSON.stringify(part)}]`).join("");
        const read = readPath(text);
        assert.deepEqual(read, { kind: "read", path: parts });
        const changed = changedAt({ other: 1 }, parts, "set");
        assert.equal(changed.kind, "changed");
        let at: unknown = changed.kind === "changed" ? changed.value : undefined;
        for (const part of parts) at = (at as Record<string, unknown>)[part];
        assert.equal(at, "set");
      }),
    );
  });

  it("is read or refused, and never a fault, for any text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.jsonValue(), (text, body) => {
        const read = readPath(text);
        if (read.kind === "read") changedAt(body as Json, read.path, 1);
        else assert.ok(read.at <= text.length);
      }),
    );
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });
});
