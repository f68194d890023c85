/**
 * Coding agents: command line programs that work on code, as tasks.
 *
 * 1. Each task has its own git work tree. Its output is the change, on a branch that nothing else uses.
 * 2. The change is returned when the check succeeds. If the check fails, the agent reads the reason in the same
 *    conversation.
 * 3. If a worker is killed, the next attempt on that machine continues the conversation in the same tree.
 * 4. Secrets of the program never appear in a change or an output.
 * 5. A program is ended when its task has used up the budget. Its use counts, also if its worker is killed.
 */
import { PassThrough } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { durationText, systemTimers } from "@tutti/kernel";
import type { Price } from "../agents/models/prices.ts";
import { requireStarted, runCommand, variablesOf } from "../shell/command.ts";
import { requireKnownKeys } from "../shell/errors.ts";
import type { TaskContext } from "../task/context.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
import { AcpConversation, type AcpTurn, type PermissionCheck } from "./acp.ts";
import { codingErrors } from "./errors.ts";
import { type CodingFolders, checkOf, foldersOf, repositoryOf, requireCheck, textOf } from "./folders.ts";
import { type CodingProfile, type CodingProgress, parseLine } from "./profiles.ts";
import { SessionLog } from "./session-log.ts";
import { type CodingAmounts, CodingSpending } from "./spending.ts";
import { type ChangedFile, WorkTree } from "./tree.ts";

export interface CodingInput {
  /** The prompt, in words. */
  readonly prompt: string;
  /** A folder with a git repository, relative to the worker's folder. Default: the worker's folder. */
  readonly repository?: string;
  /** The branch or commit to start from. Default: the checked-out commit. */
  readonly base?: string;
  readonly model?: string;
  /** A command that must succeed on the changed files, such as `[npm, test]`. */
  readonly check?: readonly string[];
  /** How often the agent may repair a failed check. Default: 2. */
  readonly repairs?: number;
}

export interface CodingOutput {
  /** The answer of the agent. */
  readonly answer: string;
  /** The branch with the change. Empty without a change. */
  readonly branch: string;
  readonly commit: string;
  readonly diff: string;
  readonly files: readonly ChangedFile[];
  /** How often the check failed before it succeeded. */
  readonly repairs: number;
  readonly turns: number;
  readonly tokens: number;
  readonly usd: number;
}

export interface CodingOptions extends CodingFolders {
  /** Variables of the worker that the program sees, in addition to the variables of its profile. */
  readonly env?: readonly string[];
  /** Variables whose values are secrets, by reference: `{ANTHROPIC_API_KEY: "secret:anthropic"}`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Decides requests for permission of the Agent Client Protocol. Default: all are allowed. */
  readonly permit?: PermissionCheck;
  /** A program that writes nothing for this long is ended. Default: 10 minutes. */
  readonly silentMs?: number;
  /** Prices by the start of a model's name, for programs that report no money. Known models have a price. */
  readonly prices?: Readonly<Record<string, Price>>;
}

/** Options of the capability: `worker.handle("code", codingAgent(claude), codingOptions)`. */
export const codingOptions: HandleOptions = {
  description: "Changes the files of a git repository according to a prompt, and returns the change.",
  inputSchema: {
    type: "object",
    properties: {
      prompt: { type: "string" },
      repository: { type: "string" },
      base: { type: "string" },
      model: { type: "string" },
      check: { type: "array", items: { type: "string" }, minItems: 1 },
      repairs: { type: "integer", minimum: 0 },
    },
    required: ["prompt"],
  },
};

const repairsDefault = 2;
const silentMsDefault = 600_000;
const lineLengthMax = 16 * 1024 * 1024;
const reasonLengthMax = 500;
const subjectLengthMax = 72;
const secretLengthMin = 8;
const signInPattern = /api key|unauthori[sz]ed|\b401\b|\b403\b|log ?in|sign ?in|credential|authentication/i;
const secretNames = /KEY|TOKEN|SECRET|PASSWORD/;

/** Returns a handler that runs the program of a profile. */
export function codingAgent(
  profile: CodingProfile,
  options: CodingOptions = {},
): Handler<CodingInput, CodingOutput> {
  return async (input, task) => {
    requireKnownKeys(input, codingOptions, codingErrors.inputInvalid);
    const prompt = textOf(input, "prompt");
    requireCheck(input.check);
    const { folder, trees } = foldersOf(options);
    const repository = await repositoryOf(folder, input.repository);
    const base = input.base === undefined ? "HEAD" : textOf(input, "base");
    const place = { repository, base, trees, name: `${task.workId}/${task.taskId}` };
    let tree = await WorkTree.open(place);
    if (tree.isFound && task.saved === undefined) {
      // Without its conversation, the changes of an earlier attempt are of no use.
      await tree.remove();
      tree = await WorkTree.open(place);
    }
    try {
      return await new Coding(profile, options, tree, task).run({ ...input, prompt });
    } finally {
      await tree.remove();
    }
  };
}

/** State that an attempt saves for the next attempt. */
interface Saved {
  readonly session: string;
  /** Use of the attempt, which no result reports. */
  readonly used?: CodingAmounts;
}

interface Turn {
  answer: string;
  failure: string | undefined;
  hasEnded: boolean;
}

class Coding {
  readonly #profile: CodingProfile;
  readonly #options: CodingOptions;
  readonly #tree: WorkTree;
  readonly #task: TaskContext;
  readonly #spending: CodingSpending;
  /** Aborted when the budget is used up, with the limit in words. */
  readonly #usedUp = new AbortController();
  readonly #signal: AbortSignal;
  #session: string | undefined;
  #turns = 0;

  constructor(profile: CodingProfile, options: CodingOptions, tree: WorkTree, task: TaskContext) {
    this.#profile = profile;
    this.#options = options;
    this.#tree = tree;
    this.#task = task;
    this.#signal = AbortSignal.any([task.signal, this.#usedUp.signal]);
    this.#spending = new CodingSpending(task.budget, options.prices);
    const saved = task.saved as Saved | undefined;
    if (!tree.isFound || saved === undefined) return;
    this.#session = saved.session;
    if (saved.used === undefined) return;
    this.#spending.resume(saved.session, saved.used);
    task.use({ tokens: saved.used.tokens, money: saved.used.usd });
  }

  async run(input: CodingInput): Promise<CodingOutput> {
    this.#spending.check(this.#profile, input.model);
    const secrets = await this.#secrets();
    const { timeMs } = this.#spending.limits;
    const remainingMs = Math.max(0, timeMs - this.#task.elapsedMs);
    const passed = `${durationText(timeMs)} have passed`;
    const timer = timeMs > 0 ? systemTimers.after(remainingMs, () => this.#usedUp.abort(passed)) : undefined;
    try {
      return await this.#work(input, secrets);
    } catch (error) {
      if (!this.#usedUp.signal.aborted || this.#task.signal.aborted) throw error;
      const { branch } = await this.#change(input, "", 0, secrets);
      const used = String(this.#usedUp.signal.reason);
      throw codingErrors.budgetUsedUp({ program: this.#profile.name, used, branch });
    } finally {
      timer?.cancel();
    }
  }

  async #work(input: CodingInput, secrets: Readonly<Record<string, string>>): Promise<CodingOutput> {
    const { check, repairs: allowed = repairsDefault } = input;
    const isContinued = this.#session !== undefined;
    let prompt = isContinued
      ? `You were interrupted. Continue with the task:\n\n${input.prompt}`
      : input.prompt;
    let wholePrompt = prompt;
    for (let repairs = 0; ; repairs++) {
      this.#endIfUsedUp();
      const answer = await this.#prompt({ prompt, wholePrompt }, input.model, secrets);
      const place = { ...this.#options, folder: this.#tree.folder, signal: this.#signal };
      const failed = check === undefined ? undefined : await checkOf(check, place, this.#task);
      if (failed === undefined) return this.#change(input, answer, repairs, secrets);
      const name = check?.join(" ") ?? "";
      if (repairs >= allowed) {
        const { branch } = await this.#change(input, answer, repairs, secrets);
        const output = failed.slice(-reasonLengthMax);
        throw codingErrors.checkFailed({ check: name, repairs, branch, output });
      }
      const fault = `\`${name}\` fails with ${failed}\n\nCorrect the cause. Do not weaken the check.`;
      wholePrompt = `${input.prompt}\n\nThis is done, but ${fault}`;
      prompt = this.#session === undefined ? wholePrompt : fault;
    }
  }

  #endIfUsedUp(): void {
    const { usedUp } = this.#spending;
    if (usedUp !== undefined) this.#usedUp.abort(usedUp);
    this.#usedUp.signal.throwIfAborted();
  }

  /** Returns the secret values of the program, by variable. */
  async #secrets(): Promise<Readonly<Record<string, string>>> {
    const { secrets = {} } = this.#options;
    const each = Object.entries(secrets).map(
      async ([name, reference]) => [name, await this.#task.secret(reference)] as const,
    );
    return Object.fromEntries(await Promise.all(each));
  }

  async #prompt(
    prompts: Pick<AcpTurn, "prompt" | "wholePrompt">,
    model: string | undefined,
    secrets: Readonly<Record<string, string>>,
  ): Promise<string> {
    const { env: names, set = {}, read, name, log } = this.#profile;
    const task = this.#task;
    const own = variablesOf([...names, ...(this.#options.env ?? [])]);
    const env = { ...variablesOf(), ...own, ...set, ...secrets };
    const logged = log === undefined || !this.#spending.isLimited ? undefined : new SessionLog(log, env);
    const silence = new Silence(this.#options.silentMs ?? silentMsDefault);
    const turn: Turn = { answer: "", failure: undefined, hasEnded: false };
    const over = new AbortController();
    const conversation = this.#profile.acp === true ? this.#conversation(turn, prompts, over) : undefined;
    const lines = new Lines(async (line) => {
      if (conversation !== undefined) await conversation.acp.handleLine(line);
      else await this.#received(turn, read === undefined ? { text: `${line}\n` } : parseLine(line, read));
      if (logged === undefined || this.#session === undefined || turn.hasEnded) return;
      for (const progress of await logged.readNew(this.#session)) await this.#received(turn, progress);
    });
    const { usdLeft } = this.#spending;
    const command = this.#profile.command({ model, session: this.#session, usdLeft });
    const { limits, graceMs } = this.#options;
    try {
      const end = await runCommand(command, {
        folder: this.#tree.folder,
        stdin: conversation?.stdin ?? prompts.prompt,
        env,
        signal: AbortSignal.any([this.#signal, silence.signal, over.signal]),
        ...(limits !== undefined && { limits }),
        ...(graceMs !== undefined && { graceMs }),
        output: async (chunk, channel) => {
          silence.reset();
          if (channel === "stdout") await lines.add(chunk);
          else await task.output(chunk, { channel });
        },
      });
      await lines.flush();
      requireStarted(command[0] ?? "", end);
      const exit = end.signal ?? (end.code === 0 ? undefined : `exit code ${end.code}`);
      if (turn.failure === undefined && exit === undefined) return turn.answer.trim();
      // The program may know the limit and have stopped by itself.
      this.#endIfUsedUp();
      throw this.#failure(turn.failure ?? `${exit}: ${end.stderr.text.trim().slice(-reasonLengthMax)}`);
    } catch (error) {
      if (over.signal.aborted && !task.signal.aborted) {
        // The program was ended because its turn is over.
        if (turn.failure === undefined) return turn.answer.trim();
        throw this.#failure(turn.failure);
      }
      if (silence.signal.aborted && !task.signal.aborted)
        throw codingErrors.silent({ program: name, ms: silence.ms });
      throw error;
    } finally {
      silence.stop();
    }
  }

  #failure(reason: string): Error {
    const program = this.#profile.name;
    if (signInPattern.test(reason)) return codingErrors.notSignedIn({ program, reason });
    return codingErrors.failed({ program, reason });
  }

  #conversation(turn: Turn, prompts: Pick<AcpTurn, "prompt" | "wholePrompt">, over: AbortController) {
    const stdin = new PassThrough();
    const conversation = new AcpConversation({
      folder: this.#tree.folder,
      ...prompts,
      session: this.#session,
      permit: this.#options.permit ?? (() => true),
      send: (message) => void stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`),
      received: (progress) => this.#received(turn, progress),
      over: () => {
        stdin.end();
        over.abort(new Error("the turn is over"));
      },
    });
    conversation.start();
    return { acp: conversation, stdin };
  }

  async #received(turn: Turn, progress: CodingProgress): Promise<void> {
    const { session, text, answer, tool, turns = 0, failure } = progress;
    const task = this.#task;
    const before = this.#spending.used;
    this.#spending.count(progress);
    const { used, usedUp } = this.#spending;
    const tokens = used.tokens - before.tokens;
    const money = used.usd - before.usd;
    if (tokens !== 0 || money !== 0) task.use({ tokens, money });
    const isNew = session !== undefined && session !== "" && session !== this.#session;
    if (isNew) this.#session = session;
    if (this.#session !== undefined && (isNew || tokens !== 0 || money !== 0))
      task.progress({ saved: { session: this.#session, used } satisfies Saved });
    this.#turns += turns;
    turn.hasEnded ||= turns > 0;
    // A turn that has ended may be the whole task.
    if (usedUp !== undefined && !turn.hasEnded) this.#usedUp.abort(usedUp);
    if (failure !== undefined) turn.failure = failure;
    if (answer !== undefined) turn.answer = answer;
    else if (text !== undefined) turn.answer += text;
    if (tool !== undefined) {
      task.progress({ message: tool.split("\n")[0] ?? "" });
      await task.output(`${tool}\n`, { channel: "tools" });
    }
    if (text !== undefined) await task.output(text, { channel: "answer" });
  }

  async #change(
    input: CodingInput,
    answer: string,
    repairs: number,
    secrets: Readonly<Record<string, string>>,
  ): Promise<CodingOutput> {
    const { diff, files } = await this.#tree.change();
    this.#refuseSecrets(diff, secrets);
    const used = { repairs, turns: this.#turns, ...this.#spending.used };
    if (diff === "") return { answer, branch: "", commit: "", diff, files, ...used };
    const { workId, taskId } = this.#task;
    const branch = `tutti/${workId}/${taskId}`.replaceAll(/[^\w./-]+/g, "-");
    const [first = ""] = input.prompt.trim().split("\n");
    const message = `${first.slice(0, subjectLengthMax)}\n\n${this.#profile.name}, ${this.#task.caller}`;
    const commit = await this.#tree.commit(branch, message);
    return { answer, branch, commit, diff, files, ...used };
  }

  #refuseSecrets(diff: string, secrets: Readonly<Record<string, string>>): void {
    const own = variablesOf([...this.#profile.env, ...(this.#options.env ?? [])]);
    const named = Object.entries(own).filter(([name]) => secretNames.test(name));
    for (const [name, value] of [...named, ...Object.entries(secrets)]) {
      const index = value.length < secretLengthMin ? -1 : diff.indexOf(value);
      if (index < 0) continue;
      const file = /^\+\+\+ b\/(.*)$/m.exec(diff.slice(0, index).split("\ndiff --git ").at(-1) ?? "")?.[1];
      throw codingErrors.secretInChange({ name, file: file ?? "a file" });
    }
  }
}

class Lines {
  readonly #line: (line: string) => Promise<void>;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(line: (line: string) => Promise<void>) {
    this.#line = line;
  }

  async add(chunk: Buffer): Promise<void> {
    this.#rest += this.#decoder.write(chunk);
    const lines = this.#rest.split("\n");
    this.#rest = (lines.pop() ?? "").slice(-lineLengthMax);
    for (const line of lines) await this.#line(line);
  }

  async flush(): Promise<void> {
    if (this.#rest !== "") await this.#line(this.#rest);
    this.#rest = "";
  }
}

/** Detects a program that has stopped writing. */
class Silence {
  readonly ms: number;
  readonly #over = new AbortController();
  #timer: { cancel(): void };

  constructor(ms: number) {
    this.ms = ms;
    this.#timer = this.#started();
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Records that the program wrote something. */
  reset(): void {
    this.#timer.cancel();
    this.#timer = this.#started();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #started() {
    return systemTimers.after(this.ms, () => this.#over.abort(new Error("silent")));
  }
}
