import assert from "node:assert/strict";
import { createServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { describe, it } from "node:test";
import { defaultUrl } from "@tutti/kernel";
import { runCommandLine } from "../cli.ts";
import type { Context } from "../command/declaration.ts";
import { Failure } from "../command/failure.ts";
import { Presenter } from "../command/presenter.ts";
import { Values } from "../command/values.ts";
import { commands } from "../commands/commands.ts";
import { platformFindings } from "../commands/platform/doctor.ts";
import { type MemoryShell, type MemoryShellOptions, memoryShell } from "../testing/memory-shell.ts";
import { serverAddress } from "./address.ts";
import type { Server } from "./calls.ts";
import { connect } from "./server.ts";

function contextWith(
  options: Readonly<Record<string, string>>,
  more: MemoryShellOptions = {},
): Context & { shell: MemoryShell } {
  const shell: MemoryShell = { ...memoryShell(more), pause: async () => {} };
  const [command] = commands;
  assert.ok(command !== undefined);
  const print = new Presenter(shell, { reader: "people" }).print;
  const parsed = new Map(Object.entries(options).map(([name, value]) => [name, [value]]));
  return { command, commands, values: new Values(new Map(), parsed), shell, print, version: "0.1.0" };
}

/** Starts a server with the replies of the test. */
async function listening(answer: RequestListener): Promise<{ readonly url: string } & AsyncDisposable> {
  const server: HttpServer = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  };
}

/** Starts a server with the replies of the test, and at the next port a server without HTTP/1. */
async function twoPorts(
  answer: RequestListener,
): Promise<{ readonly url: string; readonly grpc: string } & AsyncDisposable> {
  for (;;) {
    const first = await listening(answer);
    const port = Number(new URL(first.url).port) + 1;
    const second = createTcpServer((socket) => socket.end("\0\0\x12\x04"));
    const isFree = await new Promise<boolean>((done) => {
      second.once("error", () => done(false)).listen(port, "127.0.0.1", () => done(true));
    });
    if (isFree)
      return {
        ...{ url: first.url, grpc: `http://127.0.0.1:${port}` },
        async [Symbol.asyncDispose]() {
          second.close();
          await first[Symbol.asyncDispose]();
        },
      };
    await first[Symbol.asyncDispose]();
  }
}

const problem = (
  status: number,
  code: string,
  detail: string,
  more: object = {},
): readonly [number, string] => [status, JSON.stringify({ status, code, detail, ...more })];

const getRun = (server: Server) => server.call("runs.get", { params: { id: "order-19" }, query: {} });

async function refused(
  answer: RequestListener,
  call: (server: Server) => Promise<unknown> = getRun,
  options: Readonly<Record<string, string>> = {},
): Promise<Failure> {
  await using stranger = await listening(answer);
  const server = await connect(contextWith({ ...options, server: stranger.url }));
  const error: unknown = await call(server).then(
    () => assert.fail("expected a refusal"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  return error;
}

describe("the address of the platform", () => {
  const cases: readonly (readonly [
    options: Record<string, string>,
    environment: Record<string, string>,
    address: string,
  ])[] = [
    [{}, {}, defaultUrl()],
    [{}, { TUTTI_URL: "there:1, there:2" }, "http://there:1"],
    [{}, { TUTTI_URL: "there:1" }, "http://there:1"],
    [{}, { TUTTI_URL: "there:1", TUTTI_SERVER: "older:1" }, "http://there:1"],
    [{}, { TUTTI_SERVER: "there:1" }, "http://there:1"],
    [{ server: "https://here/" }, { TUTTI_SERVER: "there:1" }, "https://here"],
    [{ server: "localhost:7400" }, {}, "http://localhost:7400"],
    [{}, { TUTTI_SERVER: "" }, defaultUrl()],
  ];
  for (const [options, environment, address] of cases)
    it(`is ${address} for ${JSON.stringify({ ...options, ...environment })}`, () =>
      assert.equal(serverAddress(contextWith(options, { environment })), address));

  it("is refused with the expected form if it is invalid", () =>
    assert.throws(
      () => serverAddress(contextWith({ server: "http://a b" })),
      /--server: expected a URL such as /,
    ));
});

describe("several addresses of a platform", () => {
  it("are tried in order while one refuses connections", async () => {
    await using gone = await listening((_request, response) => response.end());
    await using there = await listening((_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end('{"runs":[]}');
    });
    await gone[Symbol.asyncDispose]();
    const server = await connect(contextWith({}, { environment: { TUTTI_URL: `${gone.url},${there.url}` } }));
    assert.deepEqual(await server.call("runs.list"), { runs: [] });
  });
});

describe("rejected requests", () => {
  it("an unknown id gets a suggestion from the existing ids", async () => {
    const failure = await refused(({ url = "" }, response) => {
      const [status, text] = url.startsWith("/v1/runs/order-19")
        ? problem(404, "runtime.unknown_instance", "Run `order-19` not found. List runs with `tutti list`.")
        : ([200, JSON.stringify({ runs: [{ runId: "order-18" }, { runId: "tea" }] })] as const);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
    assert.equal(failure.exitCode, 3);
    // The sentence names the list already.
    assert.deepEqual(failure.next, ["Did you mean `order-18`?"]);
  });

  it("an address that may not be called is no matter of the key", async () => {
    const detail = "The webhook nope may not be called: that is no address. Use a public https address.";
    const failure = await refused((_, response) => {
      const [status, text] = problem(403, "scaling.webhook_refused", detail);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
    assert.deepEqual([failure.message, failure.next], [detail, []]);
  });

  it("an id that exists is no suggestion: something else of it is missing", async () => {
    const failure = await refused(({ url = "" }, response) => {
      const [status, text] = url.startsWith("/v1/runs/order-19")
        ? problem(404, "workflow.entry_missing", "The definition of the run declares no query `nope`.")
        : ([200, JSON.stringify({ runs: [{ runId: "order-19" }] })] as const);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
    assert.deepEqual(failure.next, []);
  });

  it("an unknown task gets a suggestion from the tasks of its run", async () => {
    const failure = await refused(
      ({ url = "" }, response) => {
        const [status, text] = url.startsWith("/v1/runs/order-19/why")
          ? problem(
              404,
              "workflow.task_missing",
              "Task `shp` of run `order-19` not found. List its tasks with `tutti show`.",
            )
          : ([200, JSON.stringify({ tasks: [{ taskId: "charge" }, { taskId: "ship" }] })] as const);
        response.writeHead(status, { "content-type": "application/json" }).end(text);
      },
      (server) => server.call("runs.why", { params: { id: "order-19" }, query: { task: "shp" } }),
    );
    assert.deepEqual(failure.next, ["Did you mean `ship`?", ["tutti show order-19", "lists its tasks"]]);
  });

  it("a wrong field that the sentence names is not named again", async () => {
    const fields = [{ field: "size", message: "expected a number, got x" }];
    const failure = await refused((_, response) => {
      const [status, text] = problem(
        400,
        "rest.request_invalid",
        "GET /v1/runs: size: expected a number, got x",
        {
          fields,
        },
      );
      response.writeHead(status).end(text);
    });
    assert.deepEqual(failure.why, []);
  });

  it("wrong fields are listed one by one", async () => {
    const fields = [{ field: "input.cents", message: "expected a number, got text" }];
    const failure = await refused((_, response) => {
      const [status, text] = problem(400, "workflow.input_invalid", "the input does not fit", { fields });
      response.writeHead(status).end(text);
    });
    assert.deepEqual(
      [failure.code, failure.why],
      ["workflow.input_invalid", ["input.cents: expected a number, got text"]],
    );
  });

  it("a number in place of a text gets advice to pass it as a text", async () => {
    const fields = [
      { field: "input.name", message: "must be string, got 5" },
      { field: "input.size", message: "must be integer, got true" },
    ];
    const failure = await refused((_, response) => {
      const [status, text] = problem(400, "workflow.input_invalid", "the input does not fit", { fields });
      response.writeHead(status).end(text);
    });
    assert.deepEqual(failure.next, [[`name='"5"'`, "passes it as a text"]]);
  });

  it("a missing field of the input gets advice to pass it", async () => {
    const cases = [
      [
        "must have required property 'name', got 'nmae'",
        "Did you mean `name` instead of `nmae`?",
        ["name=VALUE", "passes this field of the input"],
      ],
      ["must have required property 'name'", ["name=VALUE", "passes this field of the input"]],
      ["must be object, got nothing", ["KEY=VALUE", "passes a field of the input"]],
    ] as const;
    for (const [message, ...advice] of cases) {
      const failure = await refused((_, response) => {
        const fields = [{ field: "input", message }];
        const [status, text] = problem(400, "workflow.input_invalid", "the input does not fit", { fields });
        response.writeHead(status).end(text);
      });
      assert.deepEqual(failure.next, advice);
    }
  });

  it("a wrong value is named by the argument or option that has it", async () => {
    const options = { label: "a b=c", timeout: "900d" };
    const refusedFor = (fields: readonly object[]) =>
      refused(
        (_, response) => {
          const [status, text] = problem(400, "mesh.invalid_request", "The request is invalid: a", {
            fields,
          });
          response.writeHead(status).end(text);
        },
        undefined,
        options,
      );
    const label = { field: 'labels["a b"]', message: 'expected letters, got "a b"' };
    const timeout = { field: "spec.timeoutMs", message: "expected at most 5, got 77760000000" };
    const failure = await refusedFor([label, timeout]);
    assert.equal(failure.message, '--label: expected letters, got "a b".');
    assert.deepEqual(failure.why, ["--timeout: expected at most 5 ms, got 900 d."]);
    assert.match(JSON.stringify(failure.next), /tutti help /);
    // A field that no option has stays as it is in the request.
    const other = { field: "definition.name", message: 'expected a name, got "x y"' };
    assert.match((await refusedFor([label, other])).message, /^The request is invalid/);
  });

  it("an input above the limit is refused with its size in MiB", async () => {
    const failure = await refused((_, response) => {
      const fields = [{ field: "input", message: "expected at most 1048576 bytes, got 3000008" }];
      const [status, text] = problem(400, "mesh.invalid_request", "The request is invalid", { fields });
      response.writeHead(status).end(text);
    });
    assert.equal(failure.message, "The input has 2.9 MiB, and at most 1 MiB are allowed.");
    assert.deepEqual(failure.next, ["Store large data elsewhere, and pass its location."]);
  });

  it("a wrong key is named with its place, and with the reason to leave it out if no key is needed", async () => {
    const wrong = async (needsKey: boolean, options: Readonly<Record<string, string>> = {}) => {
      await using http = await listening(({ headers: { authorization } }, response) => {
        const isRefused = needsKey || authorization !== undefined;
        const [status, text] = isRefused
          ? problem(401, "gateway.key_wrong", "The key is not the key of this installation")
          : ([200, JSON.stringify({ version: "0.1.0", by: "" })] as const);
        response.writeHead(status, { "content-type": "application/json" }).end(text);
      });
      const context = contextWith(
        { server: http.url, ...options },
        { environment: { TUTTI_API_KEY: "foo" } },
      );
      const failure = await (await connect(context)).call("runs.list").catch((error: unknown) => error);
      assert.ok(failure instanceof Failure);
      return { ...failure, message: failure.message.replace(http.url, "URL") };
    };
    const remote = await wrong(true);
    assert.deepEqual(
      [remote.exitCode, remote.message],
      [5, "The key in TUTTI_API_KEY is not the key of URL."],
    );
    assert.match(JSON.stringify(remote.next), /--key-file FILE/);
    const local = await wrong(false);
    assert.deepEqual(local.why, ["On this machine no key is needed."]);
    assert.deepEqual(local.next, [["unset TUTTI_API_KEY", "calls without a key"]]);
  });

  it("a missing run is named with its namespace, which may not have been created", async () => {
    const missing = async (created: readonly string[]) => {
      await using http = await listening(({ url = "" }, response) => {
        const [status, text] = url.startsWith("/v1/namespaces")
          ? ([200, JSON.stringify({ resources: created.map((name) => ({ name })) })] as const)
          : problem(404, "workflow.run_missing", "Run `a1` not found. List runs with `tutti list`.");
        response.writeHead(status, { "content-type": "application/json" }).end(text);
      });
      const server = await connect(contextWith({ server: http.url, namespace: "tema" }));
      const query = server.namespace;
      const failure = await server
        .call("runs.get", { params: { id: "a1" }, query })
        .catch((error: unknown) => error);
      assert.ok(failure instanceof Failure);
      assert.equal(
        failure.message,
        "Run `a1` not found in the namespace `tema`. List runs with `tutti list -n tema`.",
      );
      return failure.next;
    };
    assert.deepEqual(await missing(["default", "team"]), [
      "The namespace `tema` was not created. Did you mean `team`?",
    ]);
    assert.deepEqual(await missing(["default", "tema"]), []);
  });

  it("a missing right names the least role that permits the action, and its grantors", async () => {
    const lack = {
      ...{ action: "governance.keys.create", why: "missing", roles: ["admin"] },
      ...{ route: "keys.create", method: "POST", path: "/v1/keys" },
    };
    const forbiddenWith = async (missing: object[]) =>
      refused(
        ({ url = "" }, response) => {
          const details = { action: "governance.keys.create", namespace: "shop" };
          const [status, text] = url.startsWith("/v1/missing-rights?namespace=shop")
            ? ([
                200,
                JSON.stringify({
                  ...{ namespace: "shop", who: "person:vic", roles: ["viewer"], missing },
                  givers: ["person:root"],
                }),
              ] as const)
            : problem(403, "mesh.denied", "person vic may not do governance.keys.create", { details });
          response.writeHead(status, { "content-type": "application/json" }).end(text);
        },
        (server) => server.call("keys.create", { body: { title: "x" } }),
      );
    const { exitCode, next } = await forbiddenWith([lack]);
    assert.equal(exitCode, 5);
    assert.deepEqual(next.slice(0, 2), [
      "Ask person:root for the role admin:",
      ["tutti role bind admin person:vic", "binds the role"],
    ]);
    assert.match(
      String((await forbiddenWith([{ ...lack, why: "forbidden" }])).next[0]),
      /^A policy forbids it/,
    );
    assert.match(String((await forbiddenWith([{ ...lack, why: "narrowed" }])).next[0]), /Use another key/);
    assert.match(JSON.stringify((await forbiddenWith([])).next[0]), /--key-file/);
  });

  it("a rejection by a rule gives no advice about keys", async () => {
    const detail =
      "A rule rejected workflow.runs.start: default/largest@1: too many. Change the request or the rule.";
    const { message, why, next, exitCode } = await refused((_, response) => {
      const [status, text] = problem(403, "access.rule_refused", detail);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
    assert.deepEqual([message, why, exitCode], ["An admission rule rejected this.", [detail], 5]);
    assert.match(JSON.stringify(next), /tutti rule list/);
    assert.doesNotMatch(JSON.stringify(next), /key/i);
  });

  it("an approval of other people gives no advice about keys", async () => {
    const detail = "dee is not among the approvers: ann, bob. Ask one of the approvers to decide.";
    const { message, next, exitCode } = await refused((_, response) => {
      const [status, text] = problem(403, "workflow.approval_not_among", detail);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
    assert.deepEqual([message, next, exitCode], [detail, [], 5]);
  });

  it("a key of another namespace gets the namespace in which it is valid", async () => {
    const { next } = await refused(({ url = "" }, response) => {
      const [status, text] = url.startsWith("/v1/missing-rights")
        ? problem(403, "mesh.denied", "no")
        : problem(403, "mesh.denied", "person bob may not", { details: { home: "mill" } });
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
    assert.deepEqual(next[0], ["tutti --namespace mill …", "uses the namespace of this key"]);
  });

  it("an unknown role gets a suggestion from the existing roles", async () => {
    const failure = await refused(
      ({ method }, response) => {
        const [status, text] =
          method === "POST"
            ? problem(
                404,
                "tenant.not_found",
                "Role `viewr` not found. Create it first, or correct the name.",
              )
            : ([200, JSON.stringify({ roles: [{ role: "viewer" }, { role: "admin" }] })] as const);
        response.writeHead(status, { "content-type": "application/json" }).end(text);
      },
      (server) => server.call("roleBindings.create", { body: { bindingId: "v", role: "viewr", group: "g" } }),
    );
    assert.deepEqual(failure.next, ["Did you mean `viewer`?", ["tutti role list", "lists roles"]]);
  });

  it("the key is sent unchanged, without the line break of its file", async () => {
    let authorization = "";
    await using stranger = await listening(({ headers }, response) => {
      authorization = headers.authorization ?? "";
      response.end("{}");
    });
    const server = await connect(
      contextWith({ server: stranger.url, "key-file": "key" }, { files: { key: "s3cret\n" } }),
    );
    await server.call("whoami");
    assert.equal(authorization, "Bearer s3cret");
  });

  it("a connection that closes before the reply exits with 4", async () => {
    const failure = await refused(({ socket }) => void socket.destroy());
    assert.equal(failure.exitCode, 4);
    assert.match(failure.why.join(" "), /closed before the answer/);
  });

  it("a connection that closes during a large upload names the sent size and its limit", async () => {
    const input = { name: "a".repeat(20 * 1_048_576) };
    const failure = await refused(
      ({ socket }) => void socket.destroy(),
      (server) => server.call("runs.start", { query: {}, body: { definition: { name: "greet" }, input } }),
    );
    assert.equal(failure.exitCode, 4);
    assert.match(failure.message, /closed the connection while 20\.0 MiB were sent/);
    assert.match(failure.why.join(" "), /gateway\.bodyBytesMax/);
  });

  it("a program that is not Tutti is named as such, for each kind of answer", async () => {
    const page = "<!doctype html>\n<p>shop</p>";
    const cases = [
      [200, page, "It answered 200: <!doctype html>"],
      [404, page, "It answered 404: <!doctype html>"],
      // No command can read this reply. The crash must not be reported as a bug of the CLI.
      [200, '{"ok":true}', 'It answered 200: {"ok":true}'],
    ] as const;
    for (const [status, text, why] of cases) {
      await using stranger = await listening((_, response) => void response.writeHead(status).end(text));
      const shell = memoryShell({ environment: { TUTTI_URL: stranger.url } });
      assert.equal(await runCommandLine(["list", "--json"], shell, "0.1.0"), 4);
      const { error } = JSON.parse(shell.errors.text);
      assert.equal(error.message, `${stranger.url} answers, but it is not Tutti.`);
      assert.deepEqual(
        [error.why, error.next],
        [[why], ["Set TUTTI_URL to the address that `tutti dev` printed."]],
      );
    }
  });

  it("a platform that accepts connections and does not answer hangs, and is no other program", async () => {
    const frozen = () => {};
    const failure = await refused(frozen, (server) => server.call("whoami", { timeoutMs: -990 }));
    assert.match(failure.message, /^Tutti is not reachable at http:/);
    assert.match(failure.why.join(" "), /^No answer within .* s\.$/);
    assert.equal(failure.next[0], "The platform hangs, is suspended, or is overloaded. See its log.");
  });

  it("a platform that cannot start reports its problem, and is not reported as another program", async () => {
    const component = "platform.data";
    const reason = "partitions cannot be loaded: workflow/3";
    await using starting = await listening((request, response) => {
      const [status, text] =
        request.url === "/readyz"
          ? [503, JSON.stringify({ ready: false, problems: [{ component, reason }] })]
          : problem(503, "gateway.not_ready", "The process is starting.", { retry: "same-key" });
      response.writeHead(status).end(text);
    });
    // The time limit of the question never ends. Other pauses resolve immediately.
    const pause = (ms: number) => (ms === 3_000 ? new Promise<void>(() => {}) : Promise.resolve());
    const shell: MemoryShell = { ...memoryShell(), pause };
    const [found, ...others] = await platformFindings({ ...contextWith({ server: starting.url }), shell });
    assert.equal(found?.text, `The platform is not ready: ${component}: ${reason}.`);
    assert.deepEqual(others, []);
  });

  it("a workflow that is not registered names the file of its name in this folder", async () => {
    await using stranger = await listening((_, response) => {
      const [status, text] = problem(404, "definition.missing", "Definition `hello` not found.");
      response.writeHead(status).end(text);
    });
    const shell = memoryShell({ environment: { TUTTI_URL: stranger.url }, files: { "hello.yaml": "" } });
    assert.equal(await runCommandLine(["run", "hello", "name=Anna"], shell, "0.1.0"), 3);
    assert.match(
      shell.errors.text,
      /^✗ No workflow `hello`\. hello\.yaml is in this folder, and is not registered\./,
    );
    assert.match(shell.errors.text, /^ {2}tutti run hello\.yaml … +registers and runs it$/m);
  });

  it("a call to the gRPC port gets the URL of Tutti, one port below", async () => {
    await using pair = await twoPorts(
      (_, response) => void response.end('{"version":"0.1.0","by":"loopback"}'),
    );
    const failure = await getRun(await connect(contextWith({ server: pair.grpc }))).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(failure instanceof Failure);
    assert.equal(failure.message, `The reply of ${pair.grpc} is not HTTP.`);
    assert.deepEqual(failure.why, [`It is the port for gRPC. Tutti answers at ${pair.url}.`]);
    assert.deepEqual(failure.next, [[`export TUTTI_URL=${pair.url}`, "sets the URL"]]);
  });

  it("a request to a platform that is starting is retried until the platform replies", async () => {
    let attempts = 0;
    await using stranger = await listening((_, response) => {
      attempts += 1;
      const [status, text] =
        attempts < 3
          ? problem(503, "gateway.not_ready", "it is starting", { retry: "same-key", retryAfterMs: 1_000 })
          : ([200, JSON.stringify({ runId: "order-19" })] as const);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
    const context = contextWith({ server: stranger.url });
    const server = await connect(context);
    const { runId } = await server.call("runs.get", { params: { id: "order-19" } });
    assert.deepEqual([runId, attempts], ["order-19", 3]);
    assert.equal(context.shell.errors.text, "The platform is starting …\n");
  });

  it("a request is repeated while the connection is refused, and succeeds after a restart", async () => {
    const stranger = await listening((_, response) => response.end(JSON.stringify({ runId: "order-19" })));
    await stranger[Symbol.asyncDispose]();
    await using restarted = createServer((_, response) =>
      response.end(JSON.stringify({ runId: "order-19" })),
    );
    const context = contextWith({ server: stranger.url });
    let pauses = 0;
    context.shell.pause = async () => {
      pauses++;
      if (pauses === 2)
        await new Promise<void>((done) => restarted.listen(Number(new URL(stranger.url).port), done));
    };
    const { runId } = await getRun(await connect(context));
    assert.deepEqual([runId, pauses], ["order-19", 2]);
    assert.equal(context.shell.errors.text, "Connection refused. Retrying …\n");
  });

  it("a refused connection to an address that never answered fails after 4 s, and at once for a probe", async () => {
    for (const [options, expectedMs] of [
      [{}, 4_000],
      [{ failsFast: true }, 0],
    ] as const) {
      const context = contextWith({ server: "http://127.0.0.1:2" });
      let waitedMs = 0;
      context.shell.pause = async (ms) => {
        waitedMs += ms;
      };
      await assert.rejects(getRun(await connect(context, options)), /not reachable/);
      assert.equal(waitedMs, expectedMs);
    }
  });

  const start = { query: {}, body: { definition: "order" } } as const;
  const cancel = { params: { id: "order-19" }, body: {} } as const;
  for (const [scenario, attemptsExpected, call] of [
    ["a read is", 2, getRun],
    [
      "a request with an idempotency key is",
      2,
      (at: Server) => at.call("runs.start", { ...start, idempotencyKey: "a" }),
    ],
    ["a request that gets an idempotency key is", 2, (at: Server) => at.call("runs.start", start)],
    ["a request that takes no idempotency key is not", 1, (at: Server) => at.call("runs.cancel", cancel)],
  ] as const)
    it(`${scenario} repeated if the connection breaks before the reply`, async () => {
      let attempts = 0;
      const keys = new Set<unknown>();
      await using stranger = await listening((request, response) => {
        attempts++;
        keys.add(request.headers["idempotency-key"]);
        if (attempts === 1) response.destroy();
        else response.end(JSON.stringify({ runId: "order-19" }));
      });
      const reply = call(await connect(contextWith({ server: stranger.url })));
      if (attemptsExpected === 1) await assert.rejects(reply, /not reachable/);
      else await reply;
      assert.deepEqual([attempts, keys.size], [attemptsExpected, 1]);
    });
});

describe("a stream that starts over after a reconnection", () => {
  for (const command of ["audit export", "policy impact"])
    it(`\`${command}\` fails at once if the platform is not reachable`, async () => {
      await using stranger = await listening((_, response) => void response.end());
      const url = stranger.url;
      await stranger[Symbol.asyncDispose]();
      const shell = memoryShell({ environment: { TUTTI_URL: url } });
      assert.equal(await runCommandLine(command.split(" "), shell, "0.1.0"), 4);
      assert.match(shell.errors.text, /^✗ Tutti is not reachable at /);
    });

  it("`policy impact` fails if the connection breaks, and does not count twice", async () => {
    let connections = 0;
    await using stranger = await listening((_, response) => {
      connections += 1;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(
        `event: change\nid: 1\ndata: ${JSON.stringify({ examined: 3, flips: [] })}\n\n`,
        () => void response.destroy(),
      );
    });
    const shell = memoryShell({ environment: { TUTTI_URL: stranger.url } });
    assert.equal(await runCommandLine(["policy", "impact"], shell, "0.1.0"), 4);
    assert.match(shell.errors.text, /^✗ The connection to http:\/\/[\d.:]+ broke before the end\./);
    assert.equal(connections, 1);
  });
});

it("`key create` fails if only a repeated answer without the key has arrived, and names the key", async () => {
  await using stranger = await listening((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end('{"key":{"keyId":"k1"}}');
  });
  const shell = memoryShell({ environment: { TUTTI_URL: stranger.url } });
  assert.equal(await runCommandLine(["key", "create", "--title", "t"], shell, "0.1.0"), 4);
  assert.match(shell.errors.text, /Key k1 was created, but .* lost\..*tutti key revoke k1/s);
});

describe("an idempotency key of the command line", () => {
  for (const words of [
    "key create --title t",
    "key rotate k1",
    "secret put till till.txt",
    "secret reseal --yes",
    "policy apply --without night --yes",
    "policy rollback 3 --reason r",
  ])
    it(`is a header of the request: \`${words}\``, async () => {
      const requests: { readonly key: unknown; readonly body: string }[] = [];
      await using stranger = await listening(async (request, response) => {
        let body = "";
        for await (const part of request) body += String(part);
        if (request.method !== "GET") requests.push({ key: request.headers["idempotency-key"], body });
        response.writeHead(200, { "content-type": "application/json" }).end('{"versions":[],"secrets":[]}');
      });
      const shell = memoryShell({ environment: { TUTTI_URL: stranger.url }, files: { "till.txt": "4711" } });
      const known = commands.find(({ name }) => words.startsWith(name));
      const args = words.split(" ").filter((word) => word !== "--yes" || known?.confirm !== undefined);
      await runCommandLine([...args, "--idempotency-key", "once"], shell, "0.1.0");
      assert.deepEqual(
        requests.map(({ key }) => key),
        ["once"],
        shell.errors.text,
      );
      assert.doesNotMatch(requests[0]?.body ?? "", /once/);
    });
});
