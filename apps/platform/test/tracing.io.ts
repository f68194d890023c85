import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { note, noteService } from "@tutti/mesh/testing";
import { otlpReceiver } from "@tutti/telemetry/testing";
import { OutsideClient } from "./support/outside-client.ts";
import { registriesAt, start } from "./support/services.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const outermost = "00f067aa0ba902b7";

describe("a trace that is sent to a collector", () => {
  it("is one tree over all processes, with each call below its cause", async () => {
    await using collector = await otlpReceiver();
    const exported = `--tracing.otlpEndpoint=${collector.endpoint}`;
    await using registry = await start("registry", [exported]);
    const flags = [registriesAt(registry), exported, "--mesh.timeouts.discoveryMs=20000"];
    await using notes = await start("notes", flags);
    await using desk = await start("notes", [...flags, "--notes.service=desk"]);
    using outsider = new OutsideClient(desk.grpc);

    await outsider.call(noteService.methods.get, note({ key: "relay" }), {
      headers: { traceparent: `00-${traceId}-${outermost}-01` },
    });
    // The last spans are sent during the stop.
    const exits = await Promise.all([desk, notes, registry].map((service) => service.stop()));

    assert.deepEqual(
      exits.map(({ code }) => code),
      [0, 0, 0],
    );
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    const named = new Map(
      spans.map(({ spanId, name, kind }) => [spanId, `${kind} ${name.split(".").at(-1)}`]),
    );
    assert.deepEqual(
      spans
        .map(
          ({ spanId, parentSpanId }) => `${named.get(parentSpanId) ?? parentSpanId} > ${named.get(spanId)}`,
        )
        .sort(),
      [
        `${outermost} > server NoteService/Get`,
        "client NoteService/Get > server NoteService/Get",
        "client RegistryService/ListServices > server RegistryService/ListServices",
        "server NoteService/Get > client NoteService/Get",
        "server NoteService/Get > client RegistryService/ListServices",
      ],
    );
    assert.deepEqual([...new Set(spans.map(({ resource }) => resource["service.name"]))].sort(), [
      "notes",
      "registry",
    ]);
  });
});
