/**
 * Runs the requirements of Serverless Workflow's conformance kit on the translation, with scenarios in our own words. To
 * run the kit itself, set `TUTTI_CTK` to its folder: `ctk/features` of serverlessworkflow/specification.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { importServerlessWorkflow } from "@tutti/definitions/import";
import type { Json } from "@tutti/expressions";
import { TaskFailure, type Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { parse } from "yaml";
import { Installation } from "./installation.ts";

const own = fileURLToPath(
  new URL("../../../../libs/definitions/test/serverless-workflow-ctk/", import.meta.url),
);
const folder = process.env["TUTTI_CTK"] ?? own;

/** Features that the translation lacks. `docs/guides/importing.md` lists them. */
const misses: readonly string[] = ["branches that compete", "Fork Task With Competing Concurrent Sub Tasks"];

interface Step {
  readonly sentence: string;
  readonly text: string;
}

interface Scenario {
  readonly title: string;
  readonly steps: readonly Step[];
}

function scenariosIn(text: string): readonly Scenario[] {
  return text
    .split(/^\s*Scenario:/m)
    .slice(1)
    .map((part) => {
      const [title = "", ...lines] = part.split("\n");
      const steps: { sentence: string; text: string }[] = [];
      let isText = false;
      for (const line of lines) {
        const step = steps.at(-1);
        if (line.trim().startsWith('"""')) isText = !isText;
        else if (isText && step !== undefined) step.text += `${line}\n`;
        else if (/^\s*(Given|When|Then|And)\b/.test(line))
          steps.push({ sentence: line.trim().replace(/^\w+ (?:given )?/, ""), text: "" });
      }
      return { title: title.trim(), steps };
    });
}

const pets = [1, 2].map((id) => ({ id, name: `Pet ${id}`, status: "available" }));

/** Returns the replies of the addresses in the kit. */
function answerOf(method: string, address: string): Json {
  const found = /\/pet\/(\d+)$/.exec(address)?.[1];
  if (address.includes("/pet/findByStatus?status=available")) return pets;
  if (address.includes("/basic-auth/")) return { authenticated: true };
  const pet = pets.find(({ id }) => String(id) === found);
  if (pet !== undefined && method === "get") return pet;
  const type = "https://serverlessworkflow.io/dsl/errors/types/communication";
  throw new TaskFailure("Not Found", `${method} ${address}`, { details: { type, status: "404" } });
}

interface Call {
  readonly method: string;
  readonly endpoint: string | { readonly uri: string; readonly authentication?: Json };
  readonly output?: string;
  readonly operationId?: string;
  readonly parameters?: Readonly<Record<string, Json>>;
}

function answered(call: Call, method: string, uri: string): Json {
  const content = answerOf(method, uri);
  return call.output === "response"
    ? { request: { method, uri, headers: {} }, headers: {}, statusCode: 200, content }
    : content;
}

const handlers: Readonly<Record<string, (call: Call) => Json>> = {
  "http.call": (call) => {
    const { endpoint, method } = call;
    const { uri, authentication } = typeof endpoint === "string" ? { uri: endpoint } : endpoint;
    if (uri.includes("/basic-auth/")) {
      const { username, password } = (authentication as { basic: Record<string, string> }).basic;
      assert.ok(uri.endsWith(`/${username}/${password}`));
    }
    return answered(call, method, uri);
  },
  "openapi.call": (call) => {
    const { operationId, parameters = {} } = call;
    const path =
      operationId === "getPetById" ? parameters["petId"] : `findByStatus?status=${parameters["status"]}`;
    return answered(call, "get", `https://petstore.swagger.io/v2/pet/${path}`);
  },
};

describe("the conformance kit of Serverless Workflow", () => {
  let installation: Installation;
  let worker: Worker;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({});
    for (const [capability, work] of Object.entries(handlers))
      worker.handle(capability, (call: Call) => work(call));
    await worker.start();
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  interface Done {
    readonly output: unknown;
    readonly error: string | undefined;
  }

  async function execute(definition: string, input: Json | undefined): Promise<Done> {
    const { documents } = importServerlessWorkflow(definition);
    for (const document of documents) await tutti.workflows.register(document as never);
    const { workflow } = documents[0] as { readonly workflow: string };
    const run = await tutti.run(workflow, input === undefined ? {} : { input: input as never });
    return await run.result().then(
      (output) => ({ output, error: undefined }),
      (error: Error) => ({ output: undefined, error: error.message }),
    );
  }

  async function play({ steps }: Scenario): Promise<void> {
    let [definition, input, done]: [string, Json | undefined, Done | undefined] = ["", undefined, undefined];
    for (const { sentence, text } of steps) {
      if (sentence === "a workflow with definition:") definition = text;
      else if (sentence === "the workflow input is:") input = parse(text) as Json;
      else if (sentence === "the workflow is executed") done = await execute(definition, input);
      else check(sentence, parse(text) as Json, done);
    }
  }

  for (const file of readdirSync(folder))
    for (const scenario of scenariosIn(readFileSync(join(folder, file), "utf8")))
      it(`${file}: ${scenario.title}`, async () => {
        if (misses.includes(scenario.title)) await assert.rejects(play(scenario), { code: "ERR_ASSERTION" });
        else await play(scenario);
      });

  function check(sentence: string, expected: Json, done: Done | undefined): void {
    assert.ok(done !== undefined, "it is executed before");
    const { output, error } = done;
    const quoted = [...sentence.matchAll(/'([^']+)'/g)].map(([, name = ""]) => name);
    const at = (path: string) =>
      path.split(".").reduce((value: unknown, key) => (value as Record<string, unknown>)?.[key], output);
    if (sentence === "the workflow should complete") assert.equal(error, undefined);
    else if (sentence === "the workflow should complete with output:")
      assert.deepEqual([output, error], [expected, undefined]);
    else if (sentence === "the workflow should fault") assert.notEqual(error, undefined);
    else if (sentence === "the workflow should fault with error:")
      for (const value of Object.values(expected as object)) assert.ok(error?.includes(String(value)), error);
    else if (/should have properties/.test(sentence))
      for (const path of quoted) assert.notEqual(at(path), undefined, path);
    else if (/property with value:$/.test(sentence)) assert.deepEqual(at(quoted[0] ?? ""), expected);
    else if (/containing \d+ items$/.test(sentence))
      assert.equal((at(quoted[0] ?? "") as unknown[]).length, Number(/(\d+) items$/.exec(sentence)?.[1]));
    // The members of the output are in execution order.
    else if (/ should run /.test(sentence)) return;
    else assert.fail(`unknown step: ${sentence}`);
  }
});
