import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memorySink } from "../testing/memory-shell.ts";
import { Screen } from "./screen.ts";

/** Replaces escape sequences by words, so that a test is readable. */
function readable(text: string): string {
  return (
    text
      .replaceAll("\u001b[?25l", "<hide>")
      .replaceAll("\u001b[?25h", "<show>")
      .replaceAll("\u001b[?2026h", "")
      .replaceAll("\u001b[?2026l", "")
      .replaceAll("\u001b[K", "")
      .replaceAll("\u001b[J", "<clear>")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence for going up
      .replace(/\u001b\[(\d+)A\r/g, "<up $1>")
  );
}

describe("a part of the terminal that is drawn again", () => {
  it("moves up by the lines it drew, and clears the lines below", () => {
    const sink = memorySink({ isTerminal: true });
    const screen = new Screen(sink);
    screen.draw(["one", "two"]);
    screen.draw(["three"]);
    screen.close();
    assert.equal(readable(sink.text), "<hide>one\ntwo\n<clear><up 2>three\n<clear><show>");
  });

  it("draws at most one line less than the terminal has", () => {
    const sink = memorySink({ isTerminal: true, rows: 6 });
    new Screen(sink).draw(["1", "2", "3", "4", "5", "6", "7"]);
    assert.equal(readable(sink.text), "<hide>1\n2\n3\n4\n5\n<clear>");
  });

  it("accounts for lines that wrapped when the window became narrower", () => {
    const sink = memorySink({ isTerminal: true, columns: 80 });
    const screen = new Screen(sink);
    screen.draw(["x".repeat(80), "y"]);
    sink.resize(40, 24);
    screen.draw(["z"]);
    assert.match(readable(sink.text), /<up 3>z\n/);
  });
});
