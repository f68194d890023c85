import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SignalRun } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { encodeJson } from "@tutti/machine-work";
import { RunScene } from "../../testing/index.ts";
import { signalRun } from "../results/signals.ts";
import { showFiles } from "./files.ts";

const sha256 = "ab".repeat(32);
const file = (size: number) => ({ $blob: { sha256, size }, mediaType: "image/png" });

function namesOf(scene: RunScene, size = 100, from = 0): [readonly string[], number] {
  const page = scene.driver.query(scene.key, showFiles, { from, size });
  assert.ok(!isRefusal(page));
  return [page.files.map(({ name, mediaType, blob }) => `${name} ${mediaType} ${blob?.size}`), page.next];
}

describe("the files of a run", () => {
  it("are in its input, its tasks, its signals and its output, named by their place", () => {
    const scene = RunScene.of(
      `workflow: draw
tasks:
  draw: {uses: t.draw, with: "\${{ input }}"}
  sign: {wait: {signal: sign}, needs: [draw]}
output: {drawn: "\${{ tasks.draw.output.pages }}"}
`,
      { input: encodeJson({ table: file(1), rows: 2 }) },
    );
    const [atStart] = namesOf(scene);
    assert.deepEqual(atStart, ["input.table image/png 1", "draw.input.table image/png 1"]);
    const payload = { body: { $case: "inline", value: encodeJson(file(3)) }, mediaType: "" };
    scene.driver.execute(scene.key, signalRun, SignalRun.fromPartial({ signal: "sign", payload } as never));
    assert.equal(namesOf(scene)[0].at(-1), "signals.sign image/png 3");
    const large = { $blob: { sha256, size: 5 } };
    scene.complete("draw", { pages: [file(2), large], text: "none" });
    assert.deepEqual(namesOf(scene)[0].slice(2), [
      "draw.output.pages.0 image/png 2",
      "draw.output.pages.1 application/json 5",
      "sign.output image/png 3",
      "output.drawn.0 image/png 2",
      "output.drawn.1 application/json 5",
    ]);
  });

  it("are in steps and state of a durable function", () => {
    const scene = RunScene.of("workflow: film\ntasks: {film: {function: film}}\n");
    const steps = [
      { step: "cut", at: "film.ts:2", output: file(7) },
      { step: "title", at: "film.ts:3", output: "Tutti" },
      { set: "still", at: "film.ts:4", value: file(8) },
    ];
    scene.complete("film", { function: 1, known: 0, steps, more: true });
    assert.deepEqual(namesOf(scene)[0], ["film.steps.cut image/png 7", "film.state.still image/png 8"]);
  });

  it("are listed in pages, each with all files of its tasks", () => {
    const tasks = ["a", "b", "c"].map((id) => `  ${id}: {uses: t.a, with: "\${{ input }}"}\n`).join("");
    const scene = RunScene.of(`workflow: many\ntasks:\n${tasks}`, { input: encodeJson([file(1), file(2)]) });
    const found: string[] = [];
    let from = 0;
    let pages = 0;
    for (; from >= 0; pages++) {
      const [names, next] = namesOf(scene, 2, from);
      found.push(...names);
      from = next;
    }
    assert.equal(pages, 3);
    assert.equal(found.length, 8);
    assert.equal(new Set(found).size, 8);
  });
});
