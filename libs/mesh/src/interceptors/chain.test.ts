import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StepRegistry, TuttiError } from "@tutti/kernel";
import { methodsOf } from "../calls/method.ts";
import { noteService } from "../testing/index.ts";
import { type Binding, Chain, type Hooks, type Interceptor } from "./chain.ts";

interface Call {
  startedCount: number;
  readonly log: string[];
}

const [method] = methodsOf(noteService).map(([, each]) => each);
const refusal = new TuttiError({ code: "test.no", status: "ABORTED", message: "no" });

function chainOf(interceptors: readonly (Hooks<Call> | undefined)[]): Chain<Call> {
  assert.ok(method !== undefined);
  const pipeline = new StepRegistry<Binding<Call>, void>("test");
  interceptors.forEach((hooks, index) => {
    const step: Interceptor<Call> = {
      name: `step-${index}`,
      scope: "core",
      run: (binding) => hooks && binding.add(hooks),
    };
    pipeline.register(step);
  });
  const chain = new Chain<Call>(method);
  pipeline.compose(() => {})(chain);
  return chain;
}

function logging(name: string, later: Hooks<Call> = {}): Hooks<Call> {
  return {
    before(call) {
      call.log.push(`begin ${name}`);
      return undefined;
    },
    request(call) {
      call.log.push(`request ${name}`);
      return undefined;
    },
    reply: (call) => call.log.push(`reply ${name}`),
    after: (call, error) => call.log.push(`end ${name}${error === undefined ? "" : ` ${error.code}`}`),
    ...later,
  };
}

describe("a chain of interceptors", () => {
  it("starts in order and ends in reverse", () => {
    const chain = chainOf([logging("a"), undefined, logging("b")]);
    const call: Call = { startedCount: 0, log: [] };
    assert.equal(chain.before(call), undefined);
    assert.equal(chain.request(call, {}), undefined);
    chain.reply(call, {});
    chain.after(call, undefined);
    assert.deepEqual(call.log, [
      "begin a",
      "begin b",
      "request a",
      "request b",
      "reply a",
      "reply b",
      "end b",
      "end a",
    ]);
  });

  it("ends only the interceptors that had started if one rejects, and each only once", () => {
    const refusing: Hooks<Call> = {
      before() {
        throw refusal;
      },
      after: (call) => call.log.push("end of the one that refused"),
    };
    const chain = chainOf([logging("a"), refusing, logging("c")]);
    const call: Call = { startedCount: 0, log: [] };
    assert.throws(() => chain.before(call), refusal);
    chain.after(call, refusal);
    chain.after(call, refusal);
    assert.deepEqual(call.log, ["begin a", "end a test.no"]);
  });

  it("waits for an asynchronous interceptor before the next one", async () => {
    const waiting: Hooks<Call> = {
      async before(call) {
        await Promise.resolve();
        call.log.push("begin waiting");
      },
      async request(call) {
        await Promise.resolve();
        call.log.push("request waiting");
      },
    };
    const chain = chainOf([logging("a"), waiting, logging("c")]);
    const call: Call = { startedCount: 0, log: [] };
    const started = chain.before(call);
    assert.deepEqual(call.log, ["begin a"]);
    await started;
    await chain.request(call, {});
    chain.after(call, undefined);
    assert.deepEqual(call.log, [
      "begin a",
      "begin waiting",
      "begin c",
      "request a",
      "request waiting",
      "request c",
      "end c",
      "end a",
    ]);
  });

  it("ends the interceptors before an asynchronous rejection", async () => {
    const rejecting: Hooks<Call> = { before: () => Promise.reject(refusal) };
    const chain = chainOf([logging("a"), rejecting, logging("c")]);
    const call: Call = { startedCount: 0, log: [] };
    await assert.rejects(chain.before(call) ?? Promise.resolve(), refusal);
    chain.after(call, refusal);
    assert.deepEqual(call.log, ["begin a", "end a test.no"]);
  });
});
