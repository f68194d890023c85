import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readinessOf, remoteFinding, variableFindings } from "./doctor.ts";

describe("doctor", () => {
  const health = (level: string) => ({ level, reason: "the audit log is not complete" });
  const table = [
    [{ ready: true, health: health("healthy") }, "sound", /is ready\.$/],
    [
      { ready: true, health: health("degraded") },
      "notice",
      /ready and degraded: the audit log is not complete\.$/,
    ],
    [
      { ready: false, problems: [{ component: "platform.data", reason: "an archive is damaged" }] },
      "problem",
      /^The platform is not ready: platform\.data: an archive is damaged\.$/,
    ],
    [{ ready: false }, "problem", /^The platform is not ready\.$/],
  ] as const;
  for (const [answer, level, text] of table)
    it(`agrees with /readyz if its reply is ${JSON.stringify(answer)}`, () => {
      const [found] = readinessOf(answer, "http://127.0.0.1:7400");
      assert.equal(found?.level, level);
      assert.match(found?.text ?? "", text);
    });

  it("names misspelt variables of clients", () => {
    const [found, ...others] = variableFindings({ TUTTI_NAMSPACE: "shop", TUTTI_LOG_LEVEL: "debug" });
    assert.equal(others.length, 0);
    assert.deepEqual(
      [found?.level, found?.text],
      ["notice", "The environment variable TUTTI_NAMSPACE is ignored. Did you mean TUTTI_NAMESPACE?"],
    );
  });

  it("reports a missing data directory as not checked if the platform uses another one", () => {
    const absent = {
      about: "data",
      level: "notice",
      text: "There is nothing at /a/.tutti.",
      advice: "",
    } as const;
    const { text, advice } = remoteFinding(absent);
    assert.equal(text, "The data directory of this platform was not checked: it is not /a/.tutti.");
    assert.match(advice, /--data-directory DIR/);
    const sound = { ...absent, text: "No problems in /a/.tutti." };
    assert.deepEqual(remoteFinding(sound), sound);
    const finding = remoteFinding({ ...absent, code: "held", text: "The process 7 has used it." });
    assert.deepEqual([finding.level, finding.advice], ["sound", ""]);
  });
});
