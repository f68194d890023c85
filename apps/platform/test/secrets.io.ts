/**
 * Secrets are planted and used by agents in two languages that print them everywhere. Then the test searches everything
 * that the platform and its workers wrote: the data directory, logs, traces, replies, events, the audit log.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as governance from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { lineLogger, systemClock } from "@tutti/kernel";
import { routes } from "@tutti/rest";
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { otlpReceiver } from "@tutti/telemetry/testing";
import { needsProgram } from "../../../tools/programs.mjs";
import { OutsideClient } from "./support/outside-client.ts";
import { TestProcess } from "./support/process.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const { identityService, policyService } = governance;
const agent = (id: string) => ({ kind: ActorKind.ACTOR_KIND_AGENT, id });
/** A text in all places that could contain secrets. A search that finds it would have found the secrets. */
const marker = `marker${randomBytes(8).toString("hex")}`;
const planted = { first: randomBytes(16).toString("hex"), second: randomBytes(16).toString("hex") };
const digestOf = (value: string) => createHash("sha256").update(value).digest("hex");

const definition = (capability: string) => `workflow: ${capability.replace(".", "-")}
tasks:
  do:
    uses: ${capability}
    with: {password: "secret:till", how: "\${{ input.how }}", note: ${marker}}
    retry: {attempts: 1}
output: "\${{ tasks.do.output }}"
`;

const python = await needsProgram("python3");
const pythonWorker = `
import hashlib, logging, sys
from tutti import Credentials, Worker

worker = Worker(sys.argv[1], url=sys.argv[2], credentials=Credentials(sys.argv[3]), agent_id="press-python")

@worker.handle("python.charge")
def charge(given, context):
    value = context.secret(given["password"])
    context.logger.warning("charging with %s", value)
    context.progress(0.5, f"with {value}", saved={"password": value})
    context.output(f"the password is {value}")
    if given["how"] == "throw":
        raise ValueError(f"the bank refused {value}") from KeyError(value)
    return {"password": value, value: [value], "digest": hashlib.sha256(value.encode()).hexdigest()}

worker.run()
`;

describe("secrets that were planted", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;
  let outside: OutsideClient;
  let collector: Awaited<ReturnType<typeof otlpReceiver>>;
  let worker: Worker | undefined;
  let workerInPython: TestProcess | undefined;
  const keys = { press: "", mill: "" };
  /** Outputs by their source. */
  const outputs: Record<"answers" | "events" | "worker", string> = { answers: "", events: "", worker: "" };
  const following = new AbortController();

  async function rest(method: string, path: string, body?: unknown, key?: string): Promise<Response> {
    const answer = await fetch(`${platform.http}${path}`, {
      method,
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
    });
    outputs.answers += `${method} ${path} ${answer.status} ${[...answer.headers].join(" ")} ${await answer.clone().text()}\n`;
    return answer;
  }

  const store = (value: string, more = {}) =>
    rest("PUT", "/v1/secrets/till", {
      ...{ value: Buffer.from(value).toString("base64"), description: marker, overlapMs: 3_600_000, ...more },
    });

  async function keyFor(id: string): Promise<string> {
    const request = governance.CreateKeyRequest.fromPartial({
      namespace: "default",
      actor: agent(id),
      title: id,
    });
    return (await outside.call(identityService.methods.createKey, request)).secret;
  }

  async function follow(): Promise<void> {
    const answer = await fetch(`${platform.http}/v1/events`, { signal: following.signal });
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) outputs.events += decoder.decode(chunk, { stream: true });
  }

  /** Runs both ways in which a handler could leak a secret. Returns the outputs. */
  async function played(capability: string): Promise<{ readonly output: unknown; readonly failure: string }> {
    const name = capability.replace(".", "-");
    await tutti.workflows.register(definition(capability));
    const output = await tutti.execute(name, { input: { how: "return" } });
    const failing = await tutti.run(name, { input: { how: "throw" } });
    const failure = await failing.result().then(
      () => "",
      (error: unknown) => String(error),
    );
    for (const below of ["", "/history", "/state", "/why", "/result", "/timeline", "/tasks"])
      await rest("GET", `/v1/runs/${failing.id}${below}`);
    return { output, failure };
  }

  before(async () => {
    [folder, collector] = await Promise.all([makeFolder(), otlpReceiver()]);
    platform = await start("platform", [
      `--platform.dataDirectory=${join(folder.path, "data")}`,
      `--tracing.otlpEndpoint=${collector.endpoint}`,
      ...["--log.level=trace", "--access.reportMs=50"],
    ]);
    outside = new OutsideClient(platform.grpc);
    tutti = await connect({ address: platform.grpc });
    follow().catch(() => {});
    const role = governance.Role.fromPartial({ role: "keeper", actions: ["governance.secrets.use"] });
    await outside.call(policyService.methods.setRole, {
      ...{ namespace: "default", role, revision: "", reason: "" },
    });
    for (const id of ["press", "mill"])
      for (const roleName of ["agent", "keeper"]) {
        const subject = { $case: "actor" as const, value: agent(id) };
        const binding = governance.RoleBinding.fromPartial({
          bindingId: `${id}-${roleName}`,
          role: roleName,
          subject,
        });
        await outside.call(policyService.methods.createRoleBinding, { namespace: "default", binding });
      }
    keys.press = await keyFor("press");
    keys.mill = await keyFor("mill");
    assert.equal((await store(planted.first)).status, 200);
    const users = [{ kind: "agent", id: "press" }];
    assert.equal((await store(planted.second, { users })).status, 200);
  });
  after(async () => {
    following.abort();
    await worker?.stop();
    await workerInPython?.stop();
    outside?.[Symbol.dispose]();
    await tutti?.close();
    await platform?.stop();
    await collector?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it("are stored again, refused and missed without being repeated", async () => {
    const large = Buffer.from(planted.first.repeat(3_000)).toString("base64");
    const wrong = [
      { value: large },
      { valeu: planted.first },
      { value: planted.first, users: [planted.first] },
      { value: { secret: planted.first } },
      `{"value": ${planted.first}}`,
      `{"value": "${planted.first}`,
      planted.first,
    ];
    for (const body of wrong) {
      const answer = await rest("PUT", "/v1/secrets/till", body);
      assert.ok([400, 413].includes(answer.status), `${JSON.stringify(body).slice(0, 60)}: ${answer.status}`);
    }
  });

  it("are used by a worker in TypeScript that leaks them in every way it can", async () => {
    const write = (line: string) => {
      outputs.worker += `${line}\n`;
    };
    const logger = lineLogger({ clock: systemClock, write });
    worker = new Worker(
      {
        ...{ address: platform.grpc, server: platform.http, handleSignals: false },
        credentials: { accessToken: keys.press },
      },
      { logger },
    );
    worker.handle<{ password: string; how: string }>("typed.charge", async (input, context) => {
      const value = await context.secret(input.password);
      context.logger.warn(`charging with ${value}`, { value, error: new Error(value) });
      context.progress({ fraction: 0.5, message: `with ${value}`, saved: { password: value } });
      await context.output(`the password is ${value}`);
      if (input.how === "throw") throw new Error(`the bank refused ${value}`, { cause: new Error(value) });
      return { password: value, [value]: [value], digest: digestOf(value) };
    });
    await worker.start();
    const { output, failure } = await played("typed.charge");
    const mask = "[secret secret:till]";
    assert.deepEqual(output, { password: mask, [mask]: [mask], digest: digestOf(planted.second) });
    assert.match(failure, /the bank refused \[secret secret:till\]/);
  });

  it("are used by a worker in Python that does the same", { skip: python.skip }, async () => {
    const program = join(folder.path, "worker.py");
    await writeFile(program, pythonWorker);
    workerInPython = new TestProcess({
      program: python.path,
      arguments: [program, platform.grpc, platform.http, keys.press],
      environment: { PYTHONPATH: new URL("../../../sdk/python/src", import.meta.url).pathname },
    });
    const { output, failure } = await played("python.charge");
    const mask = "[secret secret:till]";
    assert.deepEqual(output, { password: mask, [mask]: [mask], digest: digestOf(planted.second) });
    assert.match(failure, /the bank refused \[secret secret:till\]/);
  });

  it("are refused to another agent, and both the use and the refusal are in the audit", async () => {
    const recipientKey = Buffer.alloc(32, 9).toString("base64");
    const body = { names: ["till"], recipientKey };
    const refused = await rest("POST", "/v1/secrets/unseal", body, keys.mill);
    assert.equal(refused.status, 403);
    assert.match(await refused.text(), /governance\.secret_unusable/);
    for (;;) {
      const records = await (await rest("GET", "/v1/audit/records?size=500")).text();
      if (records.includes("secrets_used") && records.includes("governance.secret_unusable")) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it("appear in no reply, event, log, trace or file", async () => {
    for (const { method, path } of routes)
      if (method === "GET" && !path.includes("{") && !/watch|events|\/link/.test(path))
        await rest("GET", path);
    await rest("GET", "/v1/secrets/till");
    await rest("GET", "/v1/watch/audit/export");
    await worker?.stop();
    await workerInPython?.stop();
    await platform.stop();
    const written = new Map<string, Buffer>(
      Object.entries({
        ...outputs,
        ...{ logs: platform.output, python: workerInPython?.output ?? "" },
        traces: JSON.stringify(collector.spans),
      }).map(([name, text]) => [name, Buffer.from(text)]),
    );
    const data = join(folder.path, "data");
    for (const file of await readdir(data, { recursive: true, withFileTypes: true }))
      if (file.isFile() && !file.parentPath.endsWith("keys")) {
        const path = join(file.parentPath, file.name);
        written.set(path.slice(data.length), await readFile(path));
      }
    const found = [...written].filter(([, bytes]) => bytes.includes(marker)).map(([name]) => name);
    // The replies were in the packed part of the archive.
    assert.ok(found.includes("answers") && found.some((name) => name.endsWith(".log")), found.join());
    assert.ok(
      outputs.events.includes("tutti.") && collector.spans.length > 0 && outputs.worker.includes("[secret"),
    );
    for (const secret of [...Object.values(planted), ...Object.values(keys)])
      for (const [name, bytes] of written)
        for (const form of formsOf(secret)) {
          const at = bytes.indexOf(form);
          assert.equal(at, -1, `${name} has a secret behind ${bytes.subarray(Math.max(0, at - 200), at)}`);
        }
  });
});

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex")];
}
