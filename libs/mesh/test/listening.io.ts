/** The listen address of a server, and its errors. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { describe, it } from "node:test";
import { Mesh, type MeshSettingsInput } from "../src/index.ts";
import { note, noteHandlers, noteService } from "../src/testing/index.ts";
import { quietFoundation } from "./pairs.ts";

async function started(settings: MeshSettingsInput): Promise<Mesh> {
  const mesh = new Mesh({ foundation: quietFoundation, settings: { transport: "grpc", ...settings } });
  mesh.serve(noteService, noteHandlers());
  try {
    await mesh.start();
  } catch (error) {
    await mesh.stop();
    throw error;
  }
  return mesh;
}

function occupied(): Promise<{ readonly port: number; readonly server: Server }> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({ server, port: typeof address === "object" && address !== null ? address.port : 0 });
    });
  });
}

describe("listening", () => {
  it("on a port in use fails with one line that names the port and the setting", async () => {
    const { port, server } = await occupied();
    await assert.rejects(started({ listen: `127.0.0.1:${port}` }), {
      code: "mesh.port_in_use",
      message: `Port ${port} on 127.0.0.1 is in use. Stop the process that listens there, or set \`mesh.listen\` to another address.`,
    });
    server.close();
  });

  it("on an address of another machine fails and names the setting", async () => {
    await assert.rejects(started({ listen: "192.0.2.1:7401", allowUnprotected: true }), {
      code: "mesh.cannot_listen",
    });
  });

  it("on an address for other machines is rejected without protection, unless this is allowed", async () => {
    await assert.rejects(started({ listen: "0.0.0.0:0" }), { code: "mesh.unprotected" });
    const mesh = await started({ listen: "0.0.0.0:0", allowUnprotected: true });
    assert.match(mesh.address, /^\d+\.\d+\.\d+\.\d+:\d+$/);
    assert.doesNotMatch(mesh.address, /^0\.0\.0\.0/);
    await mesh.stop();
  });

  it("announces the configured address", async () => {
    const mesh = await started({ listen: "127.0.0.1:0", advertise: "notes.example:7401" });
    assert.equal(mesh.address, "notes.example:7401");
    assert.equal(mesh.instances[0]?.address, "notes.example:7401");
    await mesh.stop();
  });

  it("is not needed if everything runs in one process", async () => {
    const mesh = await started({ transport: "in-process" });
    assert.equal((await mesh.client(noteService).get(note({ text: "near" }))).text, "near");
    assert.equal(mesh.address, "");
    await mesh.stop();
  });

  it("also serves contracts that are added after the start", async () => {
    const mesh = new Mesh({
      foundation: quietFoundation,
      settings: { transport: "grpc", listen: "127.0.0.1:0" },
    });
    await mesh.start();
    mesh.serve(noteService, noteHandlers());
    assert.equal((await mesh.client(noteService).get(note({ text: "late" }))).text, "late");
    await mesh.stop();
  });
});
