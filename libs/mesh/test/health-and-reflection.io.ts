/** Requests of tools and probes to every server: gRPC's own services, called by a foreign client. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { healthContract, servingStatus } from "../src/health/health-contract.ts";
import { Mesh } from "../src/index.ts";
import { type ReflectionRequest, reflectionContract } from "../src/reflection/reflection-contract.ts";
import { noteHandlers, noteService } from "../src/testing/index.ts";
import { quietFoundation } from "./pairs.ts";

describe("gRPC's own services", () => {
  let server: Mesh;
  let caller: Mesh;

  before(async () => {
    server = new Mesh({
      foundation: quietFoundation,
      settings: { transport: "grpc", listen: "127.0.0.1:0" },
    });
    server.serve(noteService, noteHandlers());
    await server.start();
    const peers = { health: [server.address], reflection: [server.address] };
    caller = new Mesh({ foundation: quietFoundation, settings: { transport: "grpc", peers } });
  });
  after(async () => {
    await caller?.stop();
    await server?.stop();
  });

  describe("health", () => {
    it("reports the whole process and each contract", async () => {
      const health = caller.client(healthContract);
      assert.deepEqual(await health.check({}), { status: servingStatus.serving });
      assert.deepEqual(await health.check({ service: noteService.name }), { status: servingStatus.serving });
      server.healthService.setReady(false);
      for (const service of ["", noteService.name])
        assert.deepEqual(await health.check({ service }), { status: servingStatus.notServing });
      server.healthService.setReady(true);
      await assert.rejects(health.check({ service: "no.such.Service" }), { status: "NOT_FOUND" });
    });

    it("reports every change to watchers", async () => {
      const watching = caller.client(healthContract).watch({});
      assert.deepEqual((await watching.next()).value, { status: servingStatus.serving });
      server.healthService.setReady(false);
      assert.deepEqual((await watching.next()).value, { status: servingStatus.notServing });
      server.healthService.setReady(true);
      assert.deepEqual((await watching.next()).value, { status: servingStatus.serving });
      await watching.return();
      const unknown = caller.client(healthContract).watch({ service: "no.such.Service" });
      assert.deepEqual((await unknown.next()).value, { status: servingStatus.serviceUnknown });
      await unknown.return();
    });
  });

  for (const version of ["v1", "v1alpha"] as const) {
    describe(`reflection ${version}`, () => {
      const query = async (...requests: readonly ReflectionRequest[]) => {
        async function* stream() {
          yield* requests;
        }
        const replies = [];
        for await (const reply of caller.client(reflectionContract(version)).serverReflectionInfo(stream())) {
          replies.push(reply);
        }
        return replies;
      };

      it("lists the served contracts", async () => {
        const [reply] = await query({ listServices: "" });
        const names = reply?.listServicesResponse?.service.map(({ name }) => name);
        assert.deepEqual(names, [
          "grpc.health.v1.Health",
          "grpc.reflection.v1.ServerReflection",
          "grpc.reflection.v1alpha.ServerReflection",
          "test.v1.NoteService",
        ]);
      });

      it("returns the files that a client needs to call the served contracts", async () => {
        const [registry, health, file] = await query(
          { fileContainingSymbol: "tutti.registry.v1.RegistryService" },
          { fileContainingSymbol: "grpc.health.v1.Health" },
          { fileByFilename: "tutti/types/v1/types.proto" },
        );
        assert.ok((registry?.fileDescriptorResponse?.fileDescriptorProto.length ?? 0) > 3);
        assert.equal(health?.fileDescriptorResponse?.fileDescriptorProto.length, 1);
        assert.ok((file?.fileDescriptorResponse?.fileDescriptorProto.length ?? 0) > 1);
      });

      it("answers an unknown symbol or an empty request with its own error", async () => {
        const [unknown, nothing] = await query({ fileContainingSymbol: "no.such.Thing" }, {});
        assert.equal(unknown?.errorResponse?.errorCode, status.NOT_FOUND);
        assert.equal(nothing?.errorResponse?.errorCode, status.INVALID_ARGUMENT);
      });
    });
  }

  describe("a foreign client", () => {
    const bytes = (message: Buffer): Buffer => message;
    const call = (path: string, request: Buffer) => {
      const client = new Client(server.address, credentials.createInsecure());
      return new Promise<{ readonly error: ServiceError | null; readonly reply: Buffer | undefined }>(
        (resolve) => {
          client.makeUnaryRequest(path, bytes, bytes, request, (error, reply) => {
            resolve({ error, reply });
            client.close();
          });
        },
      );
    };

    it("needs no headers", async () => {
      const { error, reply } = await call("/test.v1.NoteService/Get", Buffer.from('{"text":"from afar"}'));
      assert.equal(error, null);
      assert.match(String(reply), /from afar/);
    });

    it("that sends no valid message gets an error", async () => {
      const { error } = await call("/test.v1.NoteService/Get", Buffer.from("{"));
      assert.equal(error?.code, status.INVALID_ARGUMENT);
      assert.match(error?.details ?? "", /The request of NoteService.Get cannot be decoded/);
    });

    it("that sends too much receives the limit", async () => {
      const { error } = await call("/test.v1.NoteService/Get", Buffer.alloc(9_000_000, "x"));
      assert.equal(error?.code, status.RESOURCE_EXHAUSTED);
      assert.match(
        error?.details ?? "",
        /has 9,000,000 bytes, more than the maximum of 8,388,608 \(`mesh.limits.messageBytes`\)/,
      );
    });

    it("that calls an unknown method gets an error", async () => {
      assert.equal(
        (await call("/test.v1.NoteService/Burn", Buffer.alloc(0))).error?.code,
        status.UNIMPLEMENTED,
      );
    });
  });
});
