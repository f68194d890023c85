/**
 * An agent: a language model that uses tools until it has an answer. It is a durable function. Each answer of the
 * model is a step, and each call of a tool is a task of the run. After a crash it continues after the last step or task.
 */
import {
  type AgentDocument,
  type HandoffDocument,
  parseDurationMs,
  validateAgainst,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { FunctionContext } from "../functions/context.ts";
import { StepFailure } from "../functions/failure.ts";
import { type Budget, type Part as BudgetPart, Spending } from "./budget.ts";
import { evaluateCondition } from "./conditions.ts";
import {
  type CallPart,
  callsOf,
  type Message,
  type ModelQuestion,
  type ModelReply,
  type Part,
  textOf,
  tokensOf,
} from "./conversation.ts";
import { agentErrors } from "./errors.ts";
import type { Models } from "./models/models.ts";
import { type Catalogue, named, type Tool, toolsOf } from "./tools.ts";

export interface AgentPorts {
  readonly models: Models;
  readonly catalogue: Catalogue;
}

const maxDefault = 20;
const answerTokensDefault = 4_096;
const repairsDefault = 2;
const contextTokensDefault = 100_000;
const resultLengthMax = 100_000;
/**
 * Rounds of equal calls with equal results: at the first number the model gets a warning, at the second the agent
 * fails.
 */
const repeats = { warned: 3, failed: 5 } as const;
const modelRetry = { attempts: 6, backoff: "1s..1m", on: ["agent.model_unavailable"] } as const;
/** After a restart the workers of the tools may connect later than the worker of the agents. */
const toolsRetry = {
  attempts: 6,
  backoff: "1s..1m",
  on: ["agent.tool_missing", "agent.catalogue_unreachable"],
} as const;
const queueTimeout = "1m";
const emptyText = "Your answer is empty. Answer with a text, or call a tool.";

const ownModel = "uses:";

/** The agent that has the conversation. */
type Active = AgentDocument | HandoffDocument;
type AgentQuestion = Omit<ModelQuestion, "model" | "answerTokens">;

/** Runs an agent to its end. Returns its text, or a value that matches its schema. */
export function runAgent(ctx: FunctionContext, document: AgentDocument, ports: AgentPorts): Promise<Json> {
  return new AgentRun(ctx, document, ports).run();
}

class AgentRun {
  readonly #ctx: FunctionContext;
  readonly #document: AgentDocument;
  readonly #ports: AgentPorts;
  readonly #spending: Spending;
  readonly #messages: Message[] = [];
  #active: Active;
  #tools: readonly Tool[] = [];
  #context: readonly string[] = [];
  #repairs: number;
  /** The model of the last reply. */
  #model = "";
  #last = "";
  #repeated = 0;

  constructor(ctx: FunctionContext, document: AgentDocument, ports: AgentPorts) {
    this.#ctx = ctx;
    this.#document = document;
    this.#ports = ports;
    this.#active = document;
    this.#repairs = document.output?.repairs ?? repairsDefault;
    this.#spending = new Spending(budgetOf(document), ports.models, ctx.now().getTime());
  }

  async run(): Promise<Json> {
    const { prompt = null, guard, max = maxDefault } = this.#document;
    for (const model of this.#modelsOf(this.#document)) this.#spending.check(model);
    this.#guarded("input", guard?.input, { prompt });
    await this.#checked({ side: "input", prompt });
    this.#context = await this.#resources();
    this.#messages.push({ role: "user", parts: [{ text: this.#promptText(prompt) }] });
    await this.#become(this.#document);
    for (let round = 1; round <= max; round++) {
      const reply = await this.#complete();
      const answer = await this.#handle(reply);
      this.#ctx.state.set("usage", this.#spending.used);
      if (answer === undefined) continue;
      this.#guarded("output", guard?.output, { output: answer.value });
      await this.#checked({ side: "output", prompt, output: answer.value });
      return answer.value;
    }
    throw agentErrors.roundsExhausted({ max });
  }

  #promptText(prompt: Json): string {
    const text = typeof prompt === "string" ? prompt : JSON.stringify(prompt);
    return [...this.#context, prompt === null ? "Begin." : text].join("\n\n");
  }

  /** Resources of MCP servers, each read by a worker of the server as a task of the run. */
  async #resources(): Promise<readonly string[]> {
    const { context = [] } = this.#document;
    const read = context.map(async (name) => {
      const [, server, uri] = /^mcp:([^/]+)\/(.+)$/s.exec(name) ?? [];
      if (server === undefined || uri === undefined)
        throw agentErrors.optionInvalid({ option: "context", expected: "`mcp:SERVER/URI`" });
      const options = { id: "context", timeout: { queue: queueTimeout } } as const;
      const output = await this.#ctx.call(`mcp.${server}.resources.read`, { uri }, options);
      return `<resource uri=${JSON.stringify(uri)}>\n${shortened(textOfResource(output))}\n</resource>`;
    });
    return this.#ctx.all(read);
  }

  #guarded(
    side: string,
    condition: string | boolean | undefined,
    variables: Readonly<Record<string, Json>>,
  ): void {
    if (condition === undefined) return;
    const found = evaluateCondition(condition, variables);
    if (found === true) return;
    const finding = found === false ? "is false" : "cannot be evaluated";
    throw agentErrors.guarded({ side, finding, condition: String(condition) });
  }

  /** Asks the capability that guards the agent. A guard that fails or returns anything but true refuses. */
  async #checked(subject: { readonly side: string; readonly prompt: Json; readonly output?: Json }) {
    const capability = this.#document.guard?.uses;
    if (capability === undefined) return;
    const { side } = subject;
    const options = { id: `guard-${side}`, timeout: { queue: queueTimeout } } as const;
    const found = await this.#ctx.call(capability, subject, options);
    if (found === true) return;
    const reason = typeof found === "string" && found !== "" ? found : JSON.stringify(found);
    throw agentErrors.guarded({ side, finding: `\`${capability}\` refuses`, condition: shortened(reason) });
  }

  #modelsOf({ model = this.#document.model, fallback = [] }: Active): readonly string[] {
    return [model, ...fallback];
  }

  /** Makes another agent the active one, and loads its tools. */
  async #become(part: Active): Promise<void> {
    this.#active = part;
    const { catalogue } = this.#ports;
    const listTools = () => {
      const { namespace, accessToken } = this.#ctx.task;
      return toolsOf(part.tools ?? [], {
        offered: () => catalogue.capabilities(namespace, accessToken),
        workflow: (name) => catalogue.workflow(name, namespace, accessToken),
      });
    };
    const found = await this.#ctx.run("tools", listTools, { retry: toolsRetry });
    this.#tools = named([...found, ...this.#handoffs(part), ...this.#answering()]);
  }

  #handoffs(part: Active): readonly Tool[] {
    const { handoffs = {} } = this.#document;
    return Object.entries(handoffs)
      .filter(([, other]) => other !== part)
      .map(([name, { description = `Hands the conversation over to ${name}.` }]) => ({
        kind: "handoff",
        target: name,
        name: `hand_over_to_${name}`,
        description,
        inputSchema: { type: "object", properties: { reason: { type: "string" } } },
      }));
  }

  /** Returns the tool for a result with a schema. The model gives the result as a call, which every provider supports. */
  #answering(): readonly Tool[] {
    const { output } = this.#document;
    if (output === undefined) return [];
    return [
      {
        kind: "answer",
        target: "",
        name: "answer",
        description: "Returns the final result and ends the work.",
        inputSchema: isOfObjects(output.schema) ? (output.schema as Json) : wrapped(output.schema as Json),
      },
    ];
  }

  /** Asks the model, and the fallback models if it fails. */
  async #complete(): Promise<ModelReply> {
    await this.#compact();
    const instructions = this.#instructions();
    const question = {
      instructions,
      messages: [...this.#messages],
      tools: this.#tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
      temperature: this.#active.temperature,
    };
    return this.#requestAny("model", question);
  }

  async #requestAny(step: string, question: AgentQuestion): Promise<ModelReply> {
    const inputTokens = tokensOf(question);
    const models = this.#modelsOf(this.#active);
    const requestedTokens = this.#active.answerTokens ?? answerTokensDefault;
    for (const [index, model] of models.entries()) {
      const answerTokens = this.#spending.reserve(
        model,
        inputTokens,
        requestedTokens,
        this.#ctx.now().getTime(),
      );
      try {
        const reply = await this.#requestOne(step, model, { ...question, answerTokens });
        this.#spending.spend(model, reply);
        this.#model = model;
        if (reply.stop === "refused") throw agentErrors.answerRefused({ model });
        return reply;
      } catch (error) {
        if (index === models.length - 1 || !(error instanceof StepFailure)) throw error;
        // The time is also over for another model.
        if (error.code === outOfBudget) throw error;
        this.#ctx.log.warn("model failed, using the next one", { model, problem: error.message });
      }
    }
    throw agentErrors.optionInvalid({ option: "model", expected: "a model" });
  }

  /** Asks one model. A capability of a worker can be a model too. */
  async #requestOne(
    step: string,
    model: string,
    question: AgentQuestion & { readonly answerTokens: number },
  ) {
    if (model.startsWith(ownModel)) {
      const capability = model.slice(ownModel.length);
      const { money } = this.#ctx.used;
      const output = await this.#ctx.call(capability, question, { id: step, ...this.#part(1) });
      // Its tokens are counted from its reply.
      this.#spending.add({ money: this.#ctx.used.money - money });
      return replyOf(output, capability, question);
    }
    // The rest is computed within the step because another turn has another rest.
    const request = async () => {
      const { answerTokens } = question;
      const room = this.#spending.within(model, tokensOf(question), answerTokens, this.#ctx.left);
      const { models } = this.#ports;
      const remainingMs = this.#spending.remainingMs(this.#ctx.now().getTime());
      const bounded = { ...question, answerTokens: room };
      const reply = await models.complete(model, bounded, this.#ctx.task, remainingMs);
      this.#ctx.task.use({ money: models.cost(model, reply) ?? 0 });
      return reply;
    };
    return this.#ctx.run(step, request, { retry: modelRetry });
  }

  #instructions(): string {
    const { instructions } = this.#active;
    if (this.#document.output === undefined) return instructions;
    return `${instructions}\n\nWhen you have the result, call the tool \`answer\` with it.`;
  }

  /** Returns the answer of the agent, if this reply is one. */
  async #handle(reply: ModelReply): Promise<{ readonly value: Json } | undefined> {
    const calls = callsOf(reply.parts);
    // Providers refuse messages without a visible text.
    const isEmpty = calls.length === 0 && textOf(reply.parts).trim() === "";
    this.#messages.push({ role: "assistant", parts: isEmpty ? [{ text: "…" }] : reply.parts });
    if (reply.stop === "length" && calls.length === 0)
      throw agentErrors.answerCut({ tokens: this.#active.answerTokens ?? answerTokensDefault });
    if (calls.length === 0) return this.#ofText(textOf(reply.parts));
    const answered = calls.find(
      ({ name, malformed }) => malformed === undefined && this.#toolOf(name)?.kind === "answer",
    );
    if (answered !== undefined) {
      const schema = this.#document.output?.schema;
      const value = isOfObjects(schema)
        ? answered.input
        : ((answered.input as { value?: Json })?.value ?? null);
      const problem = this.#problemOf(value);
      if (problem === undefined) return { value: this.#filled(value) };
      this.#repair(problem);
      const resultOf = (id: string) =>
        id === answered.id ? `The answer does not fit: ${problem}` : "not done";
      this.#messages.push({
        role: "user",
        parts: calls.map(({ id }) => ({ result: { id, text: resultOf(id), failed: true } })),
      });
      return undefined;
    }
    const before = this.#active;
    const { used } = this.#ctx;
    const results = await this.#ctx.all(calls.map((call) => this.#use(call, calls.length)));
    this.#spending.add({
      tokens: this.#ctx.used.tokens - used.tokens,
      money: this.#ctx.used.money - used.money,
    });
    const parts: Part[] = results.map((result, at) => ({ result: { id: calls[at]?.id ?? "", ...result } }));
    this.#watch(calls, results, parts);
    this.#messages.push({ role: "user", parts });
    if (this.#active !== before) await this.#become(this.#active);
    return undefined;
  }

  #ofText(text: string): { readonly value: Json } | undefined {
    const { output } = this.#document;
    if (output === undefined) {
      // Runs that were recorded before end with the empty text.
      if (text.trim() !== "" || !this.#ctx.version("answer-empty")) return { value: text };
      if (this.#repairs === 0) throw agentErrors.answerEmpty({ model: this.#model });
      this.#repairs -= 1;
      this.#messages.push({ role: "user", parts: [{ text: emptyText }] });
      return undefined;
    }
    const value = jsonIn(text);
    const problem = value === undefined ? "it is not JSON" : this.#problemOf(value);
    if (value !== undefined && problem === undefined) return { value: this.#filled(value) };
    this.#repair(problem ?? "");
    const repair = `This does not fit the wanted form: ${problem}. Call the tool \`answer\` with the result.`;
    this.#messages.push({ role: "user", parts: [{ text: repair }] });
    return undefined;
  }

  #problemOf(value: Json): string | undefined {
    return violationOf((this.#document.output?.schema ?? true) as Json, value);
  }

  #filled(value: Json): Json {
    return validateAgainst((this.#document.output?.schema ?? true) as Json, value).value;
  }

  #repair(problem: string): void {
    if (this.#repairs === 0) throw agentErrors.answerInvalid({ problem });
    this.#repairs -= 1;
  }

  #toolOf(name: string): Tool | undefined {
    return this.#tools.find((tool) => tool.name === name);
  }

  /** Calls a tool, and reports any error to the model. */
  async #use(
    call: CallPart["call"],
    concurrency: number,
  ): Promise<{ readonly text: string; readonly failed?: boolean }> {
    const tool = this.#toolOf(call.name);
    if (tool === undefined) {
      const known = this.#tools.map(({ name }) => name).join(", ") || "none";
      return failed(`There is no tool \`${call.name}\`. Tools: ${known}`);
    }
    if (call.malformed !== undefined) return failed(`The input is not JSON: ${call.malformed.slice(0, 200)}`);
    if (tool.kind === "handoff") return this.#handOff(tool);
    const wrong = violationOf(tool.inputSchema, call.input);
    if (wrong !== undefined) return failed(`The input does not fit: ${wrong}`);
    try {
      const allowed = await this.#allowed(tool, call.input);
      if (allowed === undefined) return failed("This call is not allowed.");
      const input = validateAgainst(tool.inputSchema, allowed).value;
      const part = this.#part(concurrency);
      const options = { ...part, timeout: { queue: queueTimeout, ...part.timeout } };
      const output =
        tool.kind === "child"
          ? await this.#ctx.child(tool.target, input, { id: tool.name, ...part })
          : await this.#ctx.call(tool.target, input, { id: tool.name, ...options });
      // Else the model could take the call for incomplete, and repeat the rest of it.
      const note = allowed === call.input ? "" : `A person changed the input to ${JSON.stringify(allowed)}. `;
      return { text: shortened(`${note}${typeof output === "string" ? output : JSON.stringify(output)}`) };
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      if (error.code !== "workflow.approval_rejected") return failed(`${error.code}: ${error.message}`);
      // Histories of earlier releases have a remedy for people: a model would follow it.
      const reason = error.message.replace(/ Retry the task to ask again\.$/, "");
      return failed(`${error.code}: ${reason} Do not repeat the call.`);
    }
  }

  /** Returns the part of the rest that each of several concurrent calls may spend. */
  #part(calls: number): BudgetPart {
    return this.#spending.part(calls, this.#ctx.now().getTime());
  }

  #handOff(tool: Tool): { readonly text: string } {
    const { handoffs = {} } = this.#document;
    this.#active = handoffs[tool.target] ?? this.#active;
    return { text: `The conversation is yours now, ${tool.target}.` };
  }

  /** Returns the input of the call, which a person may have changed. Undefined if the call is refused. */
  async #allowed({ target, inputSchema }: Tool, input: Json): Promise<Json | undefined> {
    const { approve = false, deny = false } = this.#active;
    const variables = { call: { name: target, input } };
    // A condition that cannot be evaluated counts as true, which is the safe side.
    if (evaluateCondition(deny, variables) !== false) return undefined;
    if (evaluateCondition(approve, variables) === false) return input;
    const title = `The agent wants to call ${target}`;
    // With other fields allowed, a mistyped field would approve the call unchanged.
    const form = { type: "object", properties: { input: {} }, additionalProperties: false };
    const context = { tool: target, input };
    let problem: string | undefined;
    for (;;) {
      const suffix =
        problem === undefined ? "" : `. The changed input does not fit: ${problem.slice(0, 100)}`;
      const question = { id: `approve-${target}`, title: `${title}${suffix}`, context, form };
      this.#spending.openQuestion(this.#ctx.now().getTime());
      const { data } = await this.#ctx
        .approve<{ readonly data?: { readonly input?: Json } | null }>(question)
        .finally(() => this.#spending.closeQuestion(this.#ctx.now().getTime()));
      if (data?.input === undefined) return input;
      problem = violationOf(inputSchema, data.input);
      if (problem === undefined) return data.input;
    }
  }

  /** Detects a loop of equal calls with equal results. Warns the model first, then fails. */
  #watch(
    calls: readonly CallPart["call"][],
    results: readonly { readonly text: string }[],
    parts: Part[],
  ): void {
    const signature = JSON.stringify([
      calls.map(({ name, input }) => [name, input]),
      results.map(({ text }) => text),
    ]);
    this.#repeated = signature === this.#last ? this.#repeated + 1 : 1;
    this.#last = signature;
    const tool = calls[0]?.name ?? "";
    if (this.#repeated >= repeats.failed) throw agentErrors.noProgress({ tool, times: this.#repeated });
    if (this.#repeated >= repeats.warned)
      parts.push({
        text: "You have made the same calls with the same results before. Do something else, or answer.",
      });
  }

  /** Replaces a long transcript by a summary. The last answer and its results stay. */
  async #compact(): Promise<void> {
    const { contextTokens = contextTokensDefault } = this.#document;
    const summarizedCount = this.#messages.length - 2;
    if (summarizedCount < 3 || tokensOf(this.#messages) <= contextTokens) return;
    const old = this.#messages.slice(0, summarizedCount);
    const text = old.map(({ role, parts }) => `${role}: ${parts.map(printPart).join("\n")}`).join("\n\n");
    const instructions =
      "Summarise the conversation for the agent that continues it: the task, what was found and decided, what is open.";
    const messages = [{ role: "user", parts: [{ text }] }] as const;
    const reply = await this.#requestAny("summary", { instructions, tools: [], messages });
    const summary = `${this.#promptText(this.#document.prompt ?? null)}\n\nSummary of the work so far:\n${textOf(reply.parts)}`;
    this.#messages.splice(0, summarizedCount, { role: "user", parts: [{ text: summary }] });
  }
}

function budgetOf({ budget = {} }: AgentDocument): Budget {
  const { tokens, usd, time } = budget;
  return { tokens, usd, timeMs: time === undefined ? undefined : parseDurationMs(time) };
}

/** Returns the text of a resource. For other content it returns only the name. */
function textOfResource(output: Json): string {
  const { contents } = (output ?? {}) as { readonly contents?: Json };
  return (Array.isArray(contents) ? contents : [])
    .map((part) => {
      const { text, mediaType = "" } = (part ?? {}) as { readonly text?: Json; readonly mediaType?: Json };
      return typeof text === "string" ? text : `(content of the type ${mediaType || "unknown"})`;
    })
    .join("\n");
}

/** Reads the output of a capability that serves as a model: a text, or a reply with calls. */
function replyOf(output: Json, model: string, question: AgentQuestion): ModelReply {
  const reply = typeof output === "string" ? { parts: [{ text: output }] } : output;
  const { parts, stop, inputTokens, outputTokens } = reply as Partial<ModelReply>;
  if (!Array.isArray(parts)) {
    const expected = "a model that returns a text or `{parts: [{text}, {call: {id, name, input}}]}`";
    throw agentErrors.optionInvalid({ option: "model", expected });
  }
  const hasToolCalls = callsOf(parts as Part[]).length > 0;
  return {
    model,
    parts: parts as ModelReply["parts"],
    stop: stop ?? (hasToolCalls ? "tools" : "end"),
    inputTokens: inputTokens ?? tokensOf(question),
    outputTokens: outputTokens ?? tokensOf(parts),
  };
}

function failed(text: string) {
  return { text: shortened(text), failed: true };
}

function shortened(text: string): string {
  if (text.length <= resultLengthMax) return text;
  return `${text.slice(0, resultLengthMax)}\n… ${text.length - resultLengthMax} characters more`;
}

function printPart(part: Part): string {
  if ("text" in part) return part.text;
  if ("call" in part) return `calls ${part.call.name} with ${JSON.stringify(part.call.input)}`;
  return `result: ${part.result.text}`;
}

function isOfObjects(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && "type" in schema && schema.type === "object";
}

function wrapped(schema: Json): Json {
  return { type: "object", properties: { value: schema }, required: ["value"] };
}

/** Returns the JSON of a text, with or without a code fence around it. */
const outOfBudget = "agent.budget_exhausted";

function violationOf(schema: Json, value: Json): string | undefined {
  const [first] = validateAgainst(schema, value).violations;
  return first === undefined ? undefined : `${first.path.join(".") || "it"} ${first.message}`;
}

function jsonIn(text: string): Json | undefined {
  const bare = /^\s*```(?:json)?\s*([\s\S]*?)\s*```\s*$/.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(bare) as Json;
  } catch {
    return undefined;
  }
}
