import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { TuttiError } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { LogRoot } from "./log-root.ts";
import { prettyStream } from "./pretty-stream.ts";

async function linesOf(write: (root: LogRoot) => void): Promise<string> {
  const destination = new PassThrough();
  const stream = await prettyStream({ colors: false, destination });
  write(
    new LogRoot({
      clock: new VirtualTime(),
      level: "info",
      stream,
      base: { service: "registry", instance: "ins_1" },
    }),
  );
  return String(destination.read());
}

describe("the log on a terminal", () => {
  it("is a line for people: time, level, message, fields, without service and instance", async () => {
    const text = await linesOf((root) => root.logger.info("lease taken", { epoch: 3 }));
    assert.match(text, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: lease taken \{"epoch":3\}\n$/);
  });

  it("shows an error without its stack if the message states the problem", async () => {
    const error = new TuttiError({
      code: "test.full",
      status: "RESOURCE_EXHAUSTED",
      message: "the disk is full",
    });

    const text = await linesOf((root) => root.logger.warn("append failed", { error }));

    assert.match(text, / WARN: append failed ?\n +error: the disk is full \(test\.full\)\n$/);
  });

  it("has any other value in the place of an error", async () => {
    const text = await linesOf((root) => root.logger.warn("append failed", { error: "no space" }));

    assert.match(text, /error: 'no space'/);
  });

  it("has the stack of an unforeseen error on lines of its own", async () => {
    const text = await linesOf((root) =>
      root.logger.error("append failed", { error: new Error("no space") }),
    );
    assert.match(text, /ERROR: append failed/);
    assert.match(text, /no space/);
    assert.match(text, /\n\s+"?(stack"?:\s+)?.*at /);
  });
});
