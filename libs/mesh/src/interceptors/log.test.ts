import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TuttiError } from "@tutti/kernel";
import { recordingLogger } from "@tutti/kernel/testing";
import { InProcessNetwork } from "../discovery/in-process.ts";
import { Mesh } from "../mesh.ts";
import { note, noteHandlers, noteService } from "../testing/index.ts";

function served(get: () => void) {
  const logger = recordingLogger();
  const mesh = new Mesh({
    network: new InProcessNetwork(),
    settings: { transport: "in-process", retry: { attempts: 1 } },
    foundation: { logger },
  });
  const handlers = noteHandlers({
    get: (request) => {
      get();
      return request;
    },
  });
  mesh.serve(noteService, handlers);
  return { logger, notes: mesh.client(noteService) };
}

describe("the log of a server", () => {
  it("has a debug line for a successful call, with its trace and duration", async () => {
    const { logger, notes } = served(() => {});

    await notes.get(note());

    const { level, fields } = logger.line("call answered");
    assert.equal(level, "debug");
    assert.equal(fields["rpc"], "NoteService.Get");
    assert.equal(typeof fields["durationMs"], "number");
    assert.match(String(fields["traceId"]), /^[0-9a-f]{32}$/);
  });

  it("has a line of level error with the cause for a fault of the handler", async () => {
    const { logger, notes } = served(() => {
      throw new Error("the pencil broke");
    });

    await assert.rejects(notes.get(note()), { status: "INTERNAL" });

    const { level, fields } = logger.line("call failed");
    assert.equal(level, "error");
    assert.match(String(fields["error"]), /the pencil broke/);
  });

  it("has a line of level debug for back-pressure, which the mesh retries", async () => {
    const { logger, notes } = served(() => {
      throw new TuttiError({ code: "test.full", status: "RESOURCE_EXHAUSTED", message: "full" });
    });

    await assert.rejects(notes.get(note()), { status: "RESOURCE_EXHAUSTED" });

    assert.equal(logger.line("call failed").level, "debug");
  });

  it("has a line of level info with its trace for a call that is rejected", async () => {
    const { logger, notes } = served(() => {});

    await assert.rejects(notes.get(note({ count: -1 })), { status: "INVALID_ARGUMENT" });

    const { level, fields } = logger.line("call failed");
    assert.equal(level, "info");
    assert.match(String(fields["traceId"]), /^[0-9a-f]{32}$/);
    assert.equal(logger.lines.filter(({ message }) => message === "call failed").length, 1);
  });
});
