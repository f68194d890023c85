import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { schema } from "../generated/schema.ts";
import type { PlannedField, RoutePlan } from "../plan/plan.ts";
import { wellKnown } from "../plan/schema.ts";
import { routes } from "../routes/routes.ts";
import { Mapping } from "./mapping.ts";

const mapping = new Mapping(schema);
const plans = routes.flatMap(({ rpc, ...route }) =>
  rpc === undefined ? [] : [mapping.planOf({ ...route, rpc })],
);

interface RequestInput {
  readonly query?: string;
  readonly body?: unknown;
}

/** Valid values of path parameters that are not texts, by kind. */
const rightFor: Readonly<Record<string, string>> = { bytes: "aGk=", number: "1" };

function wrongIn(
  plan: RoutePlan,
  { query = "", body }: RequestInput,
): readonly { field: string; message: string }[] {
  const params = Object.fromEntries(
    plan.params.map(({ name, field: { kind } }) => [name, rightFor[kind] ?? "x"]),
  );
  try {
    mapping.request(plan, { params, query: new URLSearchParams(query), body, idempotencyKey: "" });
    return [];
  } catch (error) {
    return (error as { violations: { field: string; message: string }[] }).violations;
  }
}

/** Returns an invalid value for a field of this kind. */
function wrongFor({ field: { kind, many } }: PlannedField): unknown {
  if (many !== undefined || kind === "message") return true;
  return ["string", "bytes", "payload", "time"].includes(kind) ? { wrong: 1 } : "wrong";
}

const holdsText = ({ field }: PlannedField): boolean =>
  field.kind === "string" || field.of === wellKnown.definition || field.many === "map";

/** Returns a value of the field that contains this text. */
function textAs({ many, kind }: PlannedField["field"], text: string): unknown {
  if (many === "map") return kind === "string" ? { a: text } : { [text]: 1 };
  return many === "list" ? [text] : text;
}

describe("every route", () => {
  for (const plan of plans) {
    const { method, path } = plan.route;

    it(`${method} ${path} names a parameter that it does not know`, () => {
      const [wrong, ...others] = wrongIn(plan, { query: "surprize=1" });
      assert.equal(others.length, 0);
      assert.equal(wrong?.field, "surprize");
      assert.match(wrong.message, /^unknown parameter/);
    });

    it(`${method} ${path} reports the expected and the found value of each invalid part`, () => {
      for (const { name, field } of plan.query) {
        const isText = ["string", "payload"].includes(field.kind) || field.of === wellKnown.selector;
        if (isText) continue;
        const [wrong] = wrongIn(plan, { query: `${name}=%21wrong%21` });
        assert.match(
          `${wrong?.field}: ${wrong?.message}`,
          new RegExp(`^${name}(\\[0\\])?: expected .+, got .+`),
          name,
        );
      }
      const fields = plan.body?.is === "fields" ? plan.body.fields : [];
      for (const planned of fields.filter(({ field }) => field.kind !== "payload")) {
        const [wrong] = wrongIn(plan, { body: { [planned.name]: wrongFor(planned) } });
        assert.match(
          `${wrong?.field}: ${wrong?.message}`,
          new RegExp(`^${planned.name}: expected .+, got .+`),
          planned.name,
        );
      }
    });

    it(`${method} ${path} rejects text with half of a surrogate pair, which the wire would replace`, () => {
      const fields = plan.body?.is === "fields" ? plan.body.fields : [];
      for (const { name, field } of fields.filter(holdsText))
        for (const half of ["\ud800", "a\udc00b"]) {
          const wrong = wrongIn(plan, { body: { [name]: textAs(field, half) } });
          assert.match(JSON.stringify(wrong), /half of a surrogate pair/, name);
        }
    });

    it(`${method} ${path} rejects an unexpected body, and a body of another shape`, () => {
      if (plan.body?.is === "field") return;
      const [wrong] = wrongIn(plan, { body: [1] });
      assert.match(wrong?.message ?? "", /^expected (no body|an object as body), got a list$/);
      if (plan.body === undefined) return;
      const [unknown] = wrongIn(plan, { body: { surprize: 1 } });
      assert.equal(unknown?.field, "surprize");
    });
  }
});
