import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { takeLogger } from "./foreign-logger.ts";

describe("the logger of an application", () => {
  const written: unknown[] = [];
  const writes =
    (name: string) =>
    (...words: unknown[]) => {
      written.push([name, ...words]);
    };
  const taken = () => written.splice(0);

  it("of pino gets the fields first, with an error under its name", () => {
    const error = new Error("no host");
    const logger = takeLogger({ warn: writes("warn"), bindings: () => ({}) });
    logger.child({ pool: "a" }).warn("not connected", { error });
    assert.deepEqual(taken(), [["warn", { pool: "a", err: error }, "not connected"]]);
  });

  it("of winston gets them last, and one of Nest writes levels under its own names", () => {
    takeLogger({ info: writes("info") }).info("linked", { pool: "a" });
    const nest = takeLogger({ log: writes("log"), verbose: writes("verbose"), error: writes("error") });
    nest.info("linked");
    nest.trace("a frame", { n: 1 });
    nest.fatal("refused");
    nest.warn("has no such level");
    assert.deepEqual(taken(), [
      ["info", "linked", { pool: "a" }],
      ["log", "linked"],
      ["verbose", "a frame", { n: 1 }],
      ["error", "refused"],
    ]);
  });

  it("gets no secrets", () => {
    takeLogger({ info: writes("info") }).info("asked", { accessToken: "t-1", count: 2 });
    assert.deepEqual(taken(), [["info", "asked", { accessToken: "[redacted]", count: 2 }]]);
  });
});
