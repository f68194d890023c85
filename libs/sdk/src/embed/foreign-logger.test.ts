import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adaptLogger } from "./foreign-logger.ts";

describe("the logger of an application", () => {
  const written: unknown[] = [];
  const writes =
    (name: string) =>
    (...args: unknown[]) => {
      written.push([name, ...args]);
    };
  const flush = () => written.splice(0);

  it("of pino gets the fields first, with an error under its name", () => {
    const error = new Error("no host");
    const logger = adaptLogger({ warn: writes("warn"), bindings: () => ({}) });
    logger.child({ pool: "a" }).warn("not connected", { error });
    assert.deepEqual(flush(), [["warn", { pool: "a", err: error }, "not connected"]]);
  });

  it("of winston gets the fields last, and the logger of Nest gets levels under its own names", () => {
    adaptLogger({ info: writes("info") }).info("linked", { pool: "a" });
    const nest = adaptLogger({ log: writes("log"), verbose: writes("verbose"), error: writes("error") });
    nest.info("linked");
    nest.trace("a frame", { n: 1 });
    nest.fatal("refused");
    nest.warn("has no such level");
    assert.deepEqual(flush(), [
      ["info", "linked", { pool: "a" }],
      ["log", "linked"],
      ["verbose", "a frame", { n: 1 }],
      ["error", "refused"],
    ]);
  });

  it("gets no secrets", () => {
    adaptLogger({ info: writes("info") }).info("asked", { accessToken: "t-1", count: 2 });
    assert.deepEqual(flush(), [["info", "asked", { accessToken: "[redacted]", count: 2 }]]);
  });
});
