/**
 * `tutti demo agents`: an agent with tools and an approval, against a scripted model. Its worker is killed in the middle
 * of an answer, and another one continues. At the end the requests that the model got are compared with the answers that
 * the run recorded.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createInterface as asking } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { connect, type RunHandle } from "@tutti/sdk/client";
import { serveModel } from "@tutti/sdk/model-server";
import { ScriptedModel } from "@tutti/sdk/testing";

const isJson = process.argv.includes("--json");
const out = isJson ? process.stderr : process.stdout;
const say = (line: string) => void out.write(`${line}\n`);
const dim = (text: string) => (out.isTTY ? `\x1b[2m${text}\x1b[22m` : text);
const bold = (text: string) => (out.isTTY ? `\x1b[1m${text}\x1b[22m` : text);

/** In the package, next to the bundle of the platform. In a clone, next to the sources. */
const here = import.meta.dirname;
const root = join(here, "..", "..", "..");
const isPackage = existsSync(join(here, "main.mjs"));
const files = isPackage
  ? {
      platform: join(here, "main.mjs"),
      worker: join(here, "demo-agents-worker.mjs"),
      leash: join(here, "leash.mjs"),
    }
  : {
      platform: process.env["TEST_PLATFORM"] ?? join(root, "apps", "platform", "src", "main.ts"),
      worker: join(here, "worker.ts"),
      leash: join(root, "tools", "leash.mjs"),
    };

const definition = {
  workflow: "demo-complaint",
  tasks: {
    answer: {
      agent: {
        model: "scripted:small",
        instructions: "You handle complaints of a music shop. Find the order. Refund what is broken.",
        prompt: "${{ input.complaint }}",
        tools: ["shop.*"],
        approve: 'call.name == "shop.refund"',
        budget: { tokens: 20_000, usd: 0.1 },
      },
    },
  },
  output: "${{ tasks.answer.output }}",
};
const sorry = "I am sorry that your flute arrived broken. I found the order and asked a colleague.";
const thanks = "Thank you for telling us, and enjoy the music.";
const lastWords = {
  refunded: `${sorry} We refunded the price. The money is with you in two days. ${thanks}`,
  rejected: `${sorry} We cannot refund the price, but we repair the flute. ${thanks}`,
};
/** Number of words of the last answer that are printed before the kill. */
const wordsBefore = 8;

const model = new ScriptedModel(({ conversation, body }) => {
  const inputTokens = Math.ceil(JSON.stringify(body).length / 4);
  const answered = conversation.length;
  if (answered === 1)
    return {
      text: "I look up the order.",
      paceMs: 40,
      inputTokens,
      outputTokens: 24,
      calls: [{ name: "shop_order", input: { order: "A-17" } }],
    };
  const isRejected = conversation.some((part) => part.includes("approval_rejected"));
  if (!isRejected && !conversation.some((part) => part.includes("refunded")))
    return {
      text: "It is broken, so I refund it.",
      paceMs: 40,
      inputTokens,
      outputTokens: 31,
      calls: [{ name: "shop_refund", input: { order: "A-17", cents: 9000 } }],
    };
  const text = isRejected ? lastWords.rejected : lastWords.refunded;
  return { text, paceMs: 90, inputTokens, outputTokens: 58 };
});

const children = new Set<ChildProcess>();

function start(
  script: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  // Drops the user's settings and models, which are for other workers.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(TUTTI_|ANTHROPIC_|OPENAI_)/.test(name) || name === "TUTTI_PRESET",
  );
  const child = spawn(process.execPath, ["--import", pathToFileURL(files.leash).href, script, ...words], {
    cwd: folder,
    env: { ...Object.fromEntries(own), ...environment },
    // The leash ends the child with this process.
    stdio: ["ignore", "pipe", "ignore", "pipe"],
  });
  child.stdio[3]?.on("error", () => {});
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

async function platform(): Promise<{ readonly http: string; readonly grpc: string }> {
  const child = start(
    files.platform,
    [
      ...["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--platform.dataDirectory=./data"],
      ...["--log.format=json", "--log.level=info", "--agents.run=off"],
    ],
    {},
  );
  const lines: string[] = [];
  if (child.stdout !== null)
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (!line.includes('"msg":"ready"')) continue;
      child.stdout.resume();
      return JSON.parse(line) as { readonly http: string; readonly grpc: string };
    }
  throw new Error(`the platform did not start: ${lines.slice(-3).join(" ")}`);
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Prints the answer of the model as it streams. Calls `enough` after `wordsBefore` words of the last answer. */
async function showAnswers(url: string, signal: AbortSignal, enough: () => void): Promise<void> {
  const answer = await fetch(url, { signal, headers: { accept: "text/event-stream" } });
  let last = "";
  let pending = "";
  const decoder = new TextDecoder();
  for await (const bytes of answer.body ?? []) {
    pending += decoder.decode(bytes, { stream: true });
    const events = pending.split("\n\n");
    pending = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: ?(.*)$/m.exec(event)?.[1];
      const chunks: readonly { readonly chunk?: string }[] =
        data === undefined ? [] : (JSON.parse(data).chunks ?? []);
      for (const { chunk = "" } of chunks) {
        const text = Buffer.from(chunk, "base64").toString();
        out.write(dim(text));
        last += text;
        const at = last.indexOf("I am sorry");
        if (at >= 0 && last.slice(at).split(" ").length > wordsBefore) enough();
      }
    }
  }
}

/** Resolves when the platform lists the tools. An agent that starts earlier has no tools. */
async function listed(url: string): Promise<void> {
  while (!(await (await fetch(`${url}/v1/capabilities`)).text()).includes('"shop.refund"')) await sleep(50);
}

interface Reply {
  readonly parts: readonly { readonly call?: { readonly name: string; readonly input: unknown } }[];
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Returns the recorded answers of the model, and their cost. */
async function recorded(run: RunHandle) {
  const answers: Reply[] = [];
  let usd = 0;
  for await (const { type, details } of run.events()) {
    if (type !== "step_recorded") continue;
    const { id, json } = details["entry"] as { readonly id: string; readonly json?: string };
    if (json === undefined) continue;
    if (/^model(-\d+)?(\.try-\d+)?$/.test(id)) answers.push(JSON.parse(json) as Reply);
    if (id === "usage") usd = (JSON.parse(json) as { readonly usd: number }).usd;
  }
  return { answers, usd };
}

async function decide(title: string, input: unknown): Promise<boolean> {
  say(`\n${bold("?")} ${title} with ${JSON.stringify(input)}`);
  if (isJson || !process.stdin.isTTY) {
    say("  no person at the terminal: approved");
    return true;
  }
  const lines = asking({ input: process.stdin, output: process.stderr });
  const word = await lines.question("  Approve? [Y/n] ");
  lines.close();
  return !/^n/i.test(word.trim());
}

const folder = await mkdtemp(join(tmpdir(), "tutti-demo-agents-"));
const refunds = join(folder, "refunds.jsonl");
const served = await serveModel(model);
const watching = new AbortController();
const cleanUp = async () => {
  watching.abort();
  await Promise.all([...children].map(kill));
  await served.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)));

try {
  const { http, grpc } = await platform();
  const environment = { TUTTI_ADDRESS: grpc, TUTTI_URL: http, DEMO_MODEL: served.url, DEMO_REFUNDS: refunds };
  const worker = (id: string) =>
    start(files.worker, [], { ...environment, TUTTI_AGENT_ID: id }).stdout?.resume();
  const first = start(files.worker, [], { ...environment, TUTTI_AGENT_ID: "worker-1" });
  first.stdout?.resume();
  say(`A platform, a worker and a scripted model run. Dashboard: ${http}`);
  await using tutti = await connect({ address: grpc });
  await tutti.workflows.register(definition as never);
  await listed(http);
  const run = await tutti.run("demo-complaint", {
    input: { complaint: "My flute of order A-17 arrived broken." },
  });
  say(`${bold(run.id)}: My flute of order A-17 arrived broken.\n`);

  const inMiddle = Promise.withResolvers<void>();
  const output = `${http}/v1/runs/${run.id}/tasks/answer/output`;
  const shown = showAnswers(output, watching.signal, inMiddle.resolve).catch((error: unknown) => {
    if (!watching.signal.aborted) inMiddle.reject(error);
  });
  let isApproved = false;
  for await (const _ of run.watch()) {
    const [question] = await run.approvals();
    if (question === undefined) continue;
    const { answers } = await recorded(run);
    const call = answers.at(-1)?.parts.find((part) => part.call !== undefined)?.call;
    isApproved = await decide(question.title, call?.input);
    await (isApproved ? run.approve(question.approvalId) : run.reject(question.approvalId, { reason: "no" }));
    say("");
    break;
  }
  await Promise.race([inMiddle.promise, run.result()]);
  const before = await recorded(run);
  const askedBefore = model.requests.length;
  await kill(first);
  say(
    `\n\n${bold("kill -9")} of worker-1 in the middle of this answer. ${before.answers.length} answers are recorded.`,
  );
  worker("worker-2");
  say("worker-2 starts, and continues as soon as worker-1 counts as lost:\n");
  const result = await run.result<string>();
  watching.abort();
  await shown;
  const { answers, usd } = await recorded(run);
  const effects = (await readFile(refunds, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
  const inputTokens = answers.reduce((sum, each) => sum + each.inputTokens, 0);
  const outputTokens = answers.reduce((sum, each) => sum + each.outputTokens, 0);
  // Each recorded answer was requested once. The kill interrupted one request.
  const askedAgain = model.requests.length - askedBefore;
  const outcome = {
    run: run.id,
    result,
    answers: answers.length,
    requests: model.requests.length,
    cut: 1,
    paidTwice: model.requests.length - 1 - answers.length,
    refunds: effects.length,
    inputTokens,
    outputTokens,
    usd,
  };
  const holds =
    outcome.paidTwice === 0 &&
    askedAgain === 1 &&
    effects.length === Number(isApproved) &&
    result.startsWith(sorry);
  say("\n");
  for (const [at, { inputTokens: read, outputTokens: written, parts }] of answers.entries()) {
    const calls = parts.flatMap(({ call }) =>
      call === undefined ? [] : [`${call.name} ${JSON.stringify(call.input)}`],
    );
    say(
      `  answer ${at + 1}  ${String(read).padStart(5)} in ${String(written).padStart(4)} out  ${dim(calls.join(", ") || "the final text")}`,
    );
  }
  say(
    `  together  ${String(inputTokens).padStart(5)} in ${String(outputTokens).padStart(4)} out  $${usd.toFixed(4)}`,
  );
  say(
    `\n${answers.length} answers recorded, ${model.requests.length} requests to the model, 1 of them cut by the kill. ` +
      `Answers paid twice: ${outcome.paidTwice}. Refunds: ${effects.length}.`,
  );
  say(
    holds
      ? "✓ The agent continued after its last recorded answer."
      : "✗ An answer was paid twice or a refund is missing. Please report this as a bug.",
  );
  if (isJson) process.stdout.write(`${JSON.stringify({ ...outcome, holds })}\n`);
  process.exitCode = holds ? 0 : 1;
} finally {
  await cleanUp();
}
