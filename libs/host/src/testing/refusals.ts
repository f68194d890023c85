/**
 * What every rpc has to refuse, as one suite for any contract: a request that breaks the rules of its fields, a message
 * beyond the limit, a call that comes too late. A service brings a table with a row per rpc; an rpc without a row passes
 * neither the compiler nor the suite.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { RpcDescription, ServiceDescription } from "@tutti/contracts/rpc";
import { isTuttiError, memorySources, type Status, type TuttiError } from "@tutti/kernel";
import type { CallOptions } from "@tutti/mesh";
import { ServiceHost } from "../service-host.ts";
import type { ServiceModule } from "../service-module.ts";

export type RefusalRow<Request> = MalformedRow<Request> & LargeRow<Request>;

/** Where no rule can be broken, or nothing large can be asked with, a row says so: `malformed: "cannot be"`. */
type CannotBe = "cannot be";

type MalformedRow<Request> =
  | {
      /** Breaks a rule of the contract; as small as can be. */
      readonly malformed: Request;
      /** Path of the field that is wrong: `instance.id`. */
      readonly field: string;
    }
  | { readonly malformed: CannotBe };

interface LargeRow<Request> {
  /** Takes more than 1,024 bytes. */
  readonly tooLarge: Request | CannotBe;
}

export type RefusalTable<S extends ServiceDescription> = {
  readonly [K in keyof S["methods"]]: S["methods"][K] extends RpcDescription<infer Request, infer _Reply>
    ? RefusalRow<Request>
    : never;
};

export interface RefusalSuite<S extends ServiceDescription> {
  readonly contract: S;
  /** What a process needs to serve it. Where they host machines it has a data directory, which goes with it. */
  readonly services: readonly ServiceModule[];
  readonly table: RefusalTable<S>;
  /** The service that hosts the contract, where that is not the contract's area. */
  readonly service?: string;
}

type Call = (request: unknown, options?: CallOptions) => Promise<unknown> | AsyncIterator<unknown>;

/** Declares the suite, for calls within the process and over gRPC. */
export function describeRefusals<S extends ServiceDescription>(suite: RefusalSuite<S>): void {
  const { contract } = suite;
  const rows = new Map<string, RefusalRow<unknown>>(Object.entries(suite.table));

  describe(`refusals of ${contract.name}`, () => {
    it("has a row for every rpc", () => {
      assert.deepEqual([...rows.keys()].sort(), Object.keys(contract.methods).sort());
    });

    for (const transport of ["in-process", "grpc"] as const) {
      describe(transport, () => {
        const usual = new Served(suite, transport, []);
        const narrow = new Served(suite, transport, ["--mesh.limits.messageBytes=1024"]);
        before(() => Promise.all([usual.start(), narrow.start()]));
        after(() => Promise.all([usual.stop(), narrow.stop()]));

        for (const [rpc, row] of rows) {
          if (row.malformed !== "cannot be") {
            const { malformed, field } = row as Extract<typeof row, { readonly field: string }>;
            it(`${rpc} names the field that breaks a rule`, async () => {
              const error = await usual.refusal(rpc, malformed, "INVALID_ARGUMENT");
              assert.deepEqual([error.code, error.violations[0]?.field], ["mesh.invalid_request", field]);
            });
          }

          if (row.tooLarge !== "cannot be") {
            it(`${rpc} refuses a message beyond the limit`, async () => {
              await narrow.refusal(rpc, row.tooLarge, "RESOURCE_EXHAUSTED");
            });
          }

          it(`${rpc} is not begun when it is too late`, async () => {
            const empty = contract.methods[rpc]?.request.decode(new Uint8Array());
            await usual.refusal(rpc, empty, "DEADLINE_EXCEEDED", { deadlineMs: 0 });
          });
        }
      });
    }
  });
}

/** A process in memory that serves the contract, and a client of it. */
class Served<S extends ServiceDescription> {
  readonly #suite: RefusalSuite<S>;
  readonly #flags: readonly string[];
  #host: ServiceHost | undefined;
  #directory: string | undefined;

  constructor(suite: RefusalSuite<S>, transport: string, flags: readonly string[]) {
    this.#suite = suite;
    this.#flags = [
      `--mesh.transport=${transport}`,
      "--mesh.listen=127.0.0.1:0",
      "--operations.port=0",
      "--log.level=fatal",
      // Where there is no registry, nobody waits for one.
      "--mesh.timeouts.discoveryMs=1",
      "--mesh.retry.attempts=1",
      ...flags,
    ];
  }

  async start(): Promise<void> {
    const sources = memorySources({ arguments: this.#flags });
    const { services } = this.#suite;
    const options = { name: "refusals", version: "0.0.0", services, sources };
    const isKeeping = services.some(({ machines }) => machines !== undefined);
    const directory = isKeeping ? await mkdtemp(join(tmpdir(), "tutti-refusals-")) : undefined;
    this.#directory = directory;
    const keeping = directory === undefined ? {} : { dataDirectory: () => directory };
    this.#host = await ServiceHost.open({ ...options, ...keeping });
    await this.#host.start();
  }

  async stop(): Promise<void> {
    await this.#host?.stop();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  /** What a call is refused with; its status has to be the one expected. */
  async refusal(rpc: string, request: unknown, status: Status, options?: CallOptions): Promise<TuttiError> {
    const { contract, service } = this.#suite;
    assert.ok(this.#host, "the host runs");
    const calls: Readonly<Record<string, Call>> = this.#host.mesh.client<ServiceDescription>(contract, {
      service,
    });
    const input = contract.methods[rpc]?.requestStream ? only(request) : request;
    const call = calls[rpc]?.(input, options);
    try {
      await (call instanceof Promise ? call : repliesOf(call));
    } catch (error) {
      assert.ok(isTuttiError(error), `${rpc} is refused with an error of Tutti's own`);
      assert.equal(error.status, status, `${rpc}: ${error.message}`);
      return error;
    }
    assert.fail(`${rpc} was not refused`);
  }
}

/** A stream may say in a reply what it is refused with, before it ends with the same. */
async function repliesOf(stream: AsyncIterator<unknown> | undefined): Promise<void> {
  for (let count = 0; count < 2; count++) await stream?.next();
}

async function* only(message: unknown): AsyncGenerator<unknown> {
  yield message;
}
