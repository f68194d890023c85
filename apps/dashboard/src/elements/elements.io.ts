import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import fastCheck from "fast-check";
import { bytes, count, distance, figure, percent, span } from "./moments.ts";
import { commandLine, curlOf, pathOf, shellWord, withNpx } from "./spelled.ts";

const table = (
  write: (value: number) => string,
  rows: readonly (readonly [value: number, text: string])[],
) => {
  for (const [value, text] of rows) assert.equal(write(value), text);
};

describe("how numbers are written", () => {
  it("writes spans in at most two units", () => {
    table(span, [
      [0, "0 ms"],
      [0.42, "0.4 ms"],
      [840, "840 ms"],
      [3_200, "3.2 s"],
      [59_400, "59 s"],
      [59_600, "1 min"],
      [125_000, "2 min 5 s"],
      [3_600_000, "1 h"],
      [3_599_900, "1 h"],
      [100_800_000, "1 d 4 h"],
      [-5, "0 ms"],
    ]);
  });

  it("never writes sixty of a unit", () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.integer({ min: 0, max: 400_000_000 }), (ms) => {
        assert.doesNotMatch(span(ms), /\b60 (s|min)\b|\b24 h\b/);
      }),
    );
  });

  it("writes how far a moment is, before and ahead", () => {
    assert.equal(distance(1_000, 2_000), "just now");
    assert.equal(distance(0, 240_000), "4 min ago");
    assert.equal(distance(7_200_000, 0), "in 2 h");
    assert.equal(distance(0, 172_800_000), "2 d ago");
  });

  it("writes counts, rates, shares and sizes", () => {
    table(count, [
      [1_204, "1,204"],
      [98_214, "98,214"],
      [4_100_000, "4.1 M"],
    ]);
    table(figure, [
      [0, "0"],
      [0.0123, "0.012"],
      [3.276, "3.3"],
      [412.6, "413"],
    ]);
    table(percent, [
      [0, "0 %"],
      [0.004, "< 1 %"],
      [0.999, "99 %"],
      [1, "100 %"],
    ]);
    table(bytes, [
      [512, "512 B"],
      [3_565_158, "3.4 MiB"],
      [536_870_912, "512 MiB"],
    ]);
  });
});

describe("calls and commands to copy", () => {
  it("quotes words with any characters for a shell", () => {
    const lists = fastCheck.array(fastCheck.string({ unit: "grapheme" }), { minLength: 1, maxLength: 4 });
    fastCheck.assert(
      fastCheck.property(lists, (input) => {
        const usable = input.map((word) => word.replaceAll("\0", "").replaceAll("\n", " "));
        const line = `printf '%s\\n' ${usable.map(shellWord).join(" ")}`;
        assert.equal(execFileSync("sh", ["-c", line], { encoding: "utf8" }), `${usable.join("\n")}\n`);
      }),
      { numRuns: 25 },
    );
  });

  it("quotes only words that need it", () => {
    assert.equal(commandLine("tutti", "cancel", "order-1"), "tutti cancel order-1");
    assert.equal(withNpx("tutti cancel a && tutti cancel b"), "npx tutti cancel a && npx tutti cancel b");
    assert.equal(withNpx("npx tutti cancel 'my tutti run'"), "npx tutti cancel 'my tutti run'");
    assert.equal(
      commandLine("tutti", "run", "order", "--input", `{"a":"it's"}`),
      `tutti run order --input '{"a":"it'\\''s"}'`,
    );
  });

  it("writes calls to this machine without a key, and calls to other hosts with a key", () => {
    const call = { method: "POST", path: "/v1/runs/a%20b/cancel", body: { reason: "late" } } as const;
    assert.equal(
      curlOf(call, "http://127.0.0.1:7400"),
      `curl -X POST -H 'content-type: application/json' -d '{"reason":"late"}' http://127.0.0.1:7400/v1/runs/a%20b/cancel`,
    );
    assert.match(
      curlOf({ method: "GET", path: "/v1/runs" }, "https://tutti.example"),
      /Bearer \$TUTTI_API_KEY/,
    );
  });

  it("escapes path segments, and omits parameters without a value", () => {
    assert.equal(pathOf(["runs", "a/b ?"]), "/v1/runs/a%2Fb%20%3F");
    assert.equal(
      pathOf(["runs"], { status: ["failed", "paused"], text: "", size: 20, needsPerson: false }),
      "/v1/runs?status=failed&status=paused&size=20",
    );
  });
});
