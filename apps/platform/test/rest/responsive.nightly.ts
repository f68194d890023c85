/** No single request blocks the process for others: bodies of the largest size, made to be expensive. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Front } from "./front.ts";

/** The default of `gateway.bodyBytesMax`. */
const bytesMax = 4_194_304;
/** Minimum number of probes answered during each request. Reading bodies in one step allows one or two. */
const probesMin = 10;

/** Returns members up to a size that leaves room for the text around them. */
function filled(member: (index: number) => string, [open, close] = "[]"): string {
  const members: string[] = [];
  for (let bytes = 0, index = 0; bytes < bytesMax * 0.9; index++) {
    const text = member(index);
    members.push(text);
    bytes += text.length + 1;
  }
  return `${open}${members.join(",")}${close}`;
}

const values = {
  "many keys": () => filled((index) => `"k${index}":0`, "{}"),
  "many keys, and one number with more digits than a double": () =>
    filled((index) => (index === 0 ? `"k":1e400` : `"k${index}":0`), "{}"),
  "many objects, each with its own key": () => filled((index) => `{"key${index}":"${"x".repeat(30)}"}`),
  "many numbers": () => filled(() => "1"),
  "many numbers of twenty digits": () => filled((index) => `1234567890123456789${index % 10}`),
  "many deep lists": () => filled(() => `${"[".repeat(20)}"${"x".repeat(400)}"${"]".repeat(20)}`),
  "many texts": () => filled((index) => `"${index}"`),
};

const routes = {
  "the body of a run": ["/v1/runs", (value: string) => value],
  "the input of a run": ["/v1/runs", (value: string) => `{"definition":"nope","input":${value}}`],
  "the payload of a signal": ["/v1/runs/nope/signals/go", (value: string) => value],
  "a list of messages": ["/v1/runs/batch", (value: string) => `{"runs":${value}}`],
} as const;

describe("a body of the largest size", () => {
  let front: Front;
  before(async () => {
    front = await Front.open();
  });
  after(() => front?.[Symbol.asyncDispose]());

  /** Returns the number of answered liveness probes until the request is answered. */
  async function probesDuring(path: string, body: string): Promise<{ probes: number; status: number }> {
    let status = 0;
    const pending = front.post(path, body).then((answer) => {
      status = answer.status;
    });
    let probes = 0;
    while (status === 0) {
      assert.equal((await front.get("/livez")).status, 200);
      probes++;
    }
    await pending;
    return { probes, status };
  }

  for (const [name, value] of Object.entries(values))
    it(`does not block the process: ${name}`, async () => {
      const text = value();
      for (const [label, [path, bodyOf]] of Object.entries(routes)) {
        const { probes, status } = await probesDuring(path, bodyOf(text));
        assert.ok(status >= 400 && status < 500, `${label}: ${status}`);
        assert.ok(probes >= probesMin, `${label}: ${probes} probes were answered meanwhile`);
      }
    });

  it("does not block the process: a definition of 20,000 tasks", async () => {
    const tasks = Array.from({ length: 20_000 }, (_, index) => [
      `t${index}`,
      { uses: "work.step", ...(index > 0 && { needs: [`t${index - 1}`] }) },
    ]);
    const text = JSON.stringify({ workflow: "chain", tasks: Object.fromEntries(tasks) });
    const { probes, status } = await probesDuring("/v1/workflows/check", JSON.stringify({ text }));
    assert.equal(status, 200);
    assert.ok(probes >= probesMin, `${probes} probes were answered meanwhile`);
  });
});
