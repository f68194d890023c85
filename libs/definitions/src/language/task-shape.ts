import { limits } from "../limits.ts";
import { type MembersShape, shapes } from "./shape.ts";

/** Shape of a task. */

const {
  choice,
  condition,
  data,
  duration,
  flag,
  later,
  list,
  map,
  members,
  number,
  schema,
  template,
  text,
  variants,
  whole,
} = shapes;

const million = 1_000_000;
const any = Number.MAX_SAFE_INTEGER;

export const retry = variants("Retries of failed attempts. A number sets the maximum number of attempts.", {
  number: whole("Maximum number of attempts, with the first one. Default: 5.", 1, million),
  members: members(
    {
      attempts: whole("Maximum number of attempts, with the first one. Default: 5.", 1, million),
      backoff: text("The first pause and the longest pause. Default: `1s..1m`.", "backoff"),
      factor: number("Factor between two pauses. Default: 2.", 1, 100),
      jitter: number("Random share of each pause. Default: 0.2.", 0, 1),
      on: list(
        text("Code of an error.", "errorPattern", 200),
        64,
        "Error codes to retry. Default: all errors that are not final.",
      ),
      notOn: list(
        text("Code of an error.", "errorPattern", 200),
        64,
        "Error codes that fail the task at once. Default: none.",
      ),
      exhausted: choice(
        "Action after the last failed attempt: fail the task, or wait for a person. Default: `fail`.",
        "fail",
        "pause",
      ),
      onLost: choice(
        "What happens when the worker of an attempt is lost. `retry`, the default: another worker gets it at once and it does not count, up to 10 losses. `fail`: the task fails, so it runs at most once.",
        "retry",
        "fail",
      ),
    },
    { name: "retry" },
  ),
});

const timeout = variants(
  "Time limits. A single duration limits each attempt of an agent, or else the whole task.",
  {
    text: duration(
      "From started to the result, per attempt of an agent. From ready to the outcome otherwise.",
    ),
    members: members(
      {
        queue: duration("From ready to started: the wait in the queue."),
        run: duration("From started to the result, per attempt."),
        heartbeat: duration("Between two heartbeats of an attempt."),
        total: duration("From ready to the outcome, over all attempts and pauses."),
      },
      { name: "timeout" },
    ),
  },
);

const rate = variants("Maximum number of starts per time.", {
  text: text("So many per time.", "rate"),
  members: members(
    {
      count: number("How many.", 0, any),
      per: duration("The period."),
      burst: number("Maximum burst after a quiet period.", 0, any),
    },
    { required: ["count", "per"], name: "rate" },
  ),
});

export const limit = members(
  {
    key: template("The key: a word, or a text with expressions."),
    concurrency: whole("Maximum number at the same time.", 1, million),
    rate,
    resources: map(
      "labelKey",
      number("How much.", 0, any),
      32,
      "Maximum use of named resources by all running tasks of the key. Each uses the amounts in its own `resources`.",
    ),
  },
  { name: "limit", required: ["key"] },
);

const selector = members(
  {
    equals: map(
      "labelKey",
      text("Its value.", undefined, 256),
      64,
      "Labels that must have exactly these values.",
    ),
    exists: list(text("A label.", "labelKey", 128), 64, "Labels that must exist."),
    absent: list(text("A label.", "labelKey", 128), 64, "Labels that must not exist."),
  },
  { name: "selector" },
);

const placement = members(
  {
    pool: text("The pool. Default: the pool of the run.", "name", 200),
    require: { ...selector, doc: "The condition that the agent's labels must match." },
    prefer: { ...selector, doc: "The condition that the agent's labels should match." },
    sameAgentAs: list(text("A task.", "taskId", 200), 32, "Tasks whose agent must run this task too."),
    notAgentOf: list(text("A task.", "taskId", 200), 32, "Tasks whose agents must not run this task."),
    stickyKey: template("Tasks with the same key go to the same agent while it is available."),
    contextKey: template("Context that the agent should already hold."),
  },
  { name: "placement", doc: "Rules for the choice of its agent." },
);

const need = variants("A task that has to end first: its name, or how it has to end.", {
  text: text("The task. It has to complete, or to be skipped by its own `when`.", "taskId", 200),
  members: members(
    {
      task: text("The task.", "taskId", 200),
      on: choice(
        "How it has to end. Default: `done`, which is completed or skipped by its own `when`. A task whose output is used has to complete.",
        "done",
        "success",
        "failure",
        "always",
      ),
    },
    { required: ["task"], name: "need" },
  ),
});

const wait = variants("Waits for a duration, a time, a signal, or an event.", {
  text: template("For how long: `5m`, or an expression that gives a span."),
  members: members(
    {
      for: template("For how long: `5m`, or an expression that gives a span."),
      until: template("Until when: a moment in RFC 3339, or an expression that gives one."),
      signal: text("For which signal.", "id", 200),
      where: condition("Which of these signals: a condition on `signal.payload`."),
      event: text("For an event of which type: `shop.order.paid`.", undefined, 200),
      source: text("The attribute `source` of the event. Default: any.", undefined, 400),
      if: condition("Which of these events: a condition on `event`."),
      within: template(
        "How long to wait for the signal or the event. Then the task fails with `workflow.signal_missing` or `workflow.event_missing`.",
      ),
    },
    { oneOf: [["for", "until", "signal", "event"]], name: "wait" },
  ),
});

const approve = members(
  {
    by: list(
      text("A person, a group or a role.", undefined, 256),
      100,
      "Principals that may decide. Default: all principals with the permission.",
    ),
    exclude: template("Id of a person who must not decide, such as the requester. Default: none."),
    title: template("The question in a line."),
    message: template("The question in full."),
    context: data("Context for the decision."),
    form: schema("JSON Schema of the fields of an approval."),
    needed: whole("Number of required approvals. Default: 1.", 1, 100),
    within: duration(
      "Time until the question expires. Then the task fails with `workflow.approval_expired`.",
    ),
    claimFor: duration(
      "Duration of a claim by one person. Then others can claim it. Default: until the decision.",
    ),
  },
  { name: "approve" },
);

const gate = members(
  {
    check: condition("Must give true."),
    checks: map("taskId", condition("Must give true."), 32, "Conditions by name. All must give true.", 1),
    sendBack: text(
      "The task that is done again when the gate does not pass, with all that follows from it.",
      "taskId",
      200,
    ),
    times: whole("How often work is sent back before the gate fails. Default: 1.", 1, 1_000),
    report: data("What the sent back task receives as `feedback`."),
  },
  { name: "gate", oneOf: [["check", "checks"]] },
);

const loop = members(
  {
    tasks: map(
      "taskId",
      later(() => task),
      10_000,
      "The tasks of each round.",
      1,
    ),
    while: condition(
      "Evaluated before each round. `round.number` counts from 1. `round.last` is the output of the previous round.",
    ),
    until: condition("Evaluated after each round. True ends the loop."),
    max: whole("Maximum number of rounds. Then the task fails with `workflow.loop_endless`.", 1, million),
    every: duration("Pause between two rounds."),
    initial: data("What `round.last` is in the first round. Default: null."),
    output: data("The output of a round. The last one is that of the task."),
  },
  { name: "loop", required: ["tasks", "max"], oneOf: [["while", "until"]] },
);

const spawn = variants("Adds the tasks of a result.", {
  text: template("A list of tasks, each with id, uses or workflow, with, needs."),
  members: members(
    {
      tasks: condition("A list of tasks, each with id, uses or workflow, with, needs."),
      max: whole("How many tasks may be added. Default: 1,000.", 1, 100_000),
      returnErrors: flag(
        "Whether added tasks may fail: the output then has `{error: {code, message}}` for each that failed. Default: false.",
      ),
    },
    { required: ["tasks"], name: "spawn" },
  ),
});

const compensate = members(
  {
    uses: text("The capability that undoes it.", "usesCapability", 250),
    with: data("Its input. Default: input and output of the task."),
    retry: { ...retry, doc: "When and how often it is tried again. Default: as the task." },
    timeout,
  },
  { name: "compensate", required: ["uses"] },
);

const cost = members(
  {
    duration: duration("Expected duration."),
    money: number("Expected money.", 0, any),
    tokens: number("Tokens of a language model.", 0, any),
    by: list(
      text("A field of the input, such as `region` or `order.items`.", "id", 200),
      8,
      "Fields of the input that the duration depends on. Lists and maps count by their elements.",
    ),
  },
  { name: "cost" },
);

const check = members(
  {
    name: text("For people, and in reports.", "name", 200),
    condition: condition("Over `input` and `output`; must give true."),
    onFailure: choice("What happens when it does not.", "fail", "sendBack", "approval"),
    sendBackTo: text("The task that has to be done again. Default: this one.", "taskId", 200),
    times: whole("How often work is sent back before it fails.", 1, 1_000),
  },
  { name: "check", required: ["name", "condition"] },
);

const cache = variants(
  "Reuse of earlier outputs. A single duration is the `ttl`. `auto` is one hour, with checks.",
  {
    text: duration(
      "How long an output may be reused. `auto`: one hour, after equal inputs have given equal outputs.",
      "auto",
    ),
    members: members(
      {
        key: template("Tasks of one capability with the same key share an output. Default: the input."),
        ttl: duration("Time for which tasks reuse an output."),
        stale: duration(
          "Time after `ttl` in which others reuse the output while one task computes a new one.",
        ),
        failures: duration("Time for which tasks reuse a failure. Default: tasks do not share failures."),
        tags: list(template("A tag."), 16, "Tags, for `tutti cache invalidate --tag`."),
        auto: flag("Reuse an output only after repeated equal outputs. The task has no side effects."),
      },
      { required: ["ttl"], name: "cache" },
    ),
  },
);

const agentMembers = {
  model: template("Its model: `anthropic:NAME`, `openai:NAME`, `local:NAME`, or `uses:CAPABILITY`."),
  fallback: list(template("A model."), 8, "Models that answer when the one before cannot."),
  instructions: template("What it is to do, and how."),
  tools: list(
    text("A capability, `PREFIX.*`, `workflow:NAME` or `mcp:SERVER/*`.", undefined, 250),
    128,
    "What it may use. Their schemas and descriptions are those of the workers.",
  ),
  approve: condition("Over `call.name` and `call.input`: when it is true a person decides about the call."),
  deny: condition("Over `call.name` and `call.input`: when it is true the call is refused."),
  max: whole("Answers of the model at most. Default: 20.", 1, 1_000),
  temperature: number("How much its answers vary.", 0, 2),
  answerTokens: whole("Tokens of an answer at most. Default: 4,096.", 1, million),
};

const agent = members(
  {
    ...agentMembers,
    prompt: data("The prompt. Default: the instructions."),
    context: list(
      template("A resource of an MCP server: `mcp:SERVER/URI`."),
      32,
      "Resources that it reads before its first answer.",
    ),
    output: members(
      {
        schema: schema("JSON Schema of its result."),
        repairs: whole("How often an answer that does not fit is sent back. Default: 2.", 0, 20),
      },
      { required: ["schema"], name: "agentOutput", doc: "The form of its result." },
    ),
    budget: members(
      {
        tokens: number("Tokens of all its models.", 0, any),
        usd: number("What its models may cost.", 0, any),
        time: duration(
          "How long it may take. The time in which people decide about its calls does not count.",
        ),
      },
      { name: "agentBudget", doc: "What it may use before it fails." },
    ),
    handoffs: map(
      "taskId",
      members(
        { description: text("When to hand over to it."), ...agentMembers },
        { required: ["instructions"], name: "handoff" },
      ),
      32,
      "Agents that it may hand the conversation over to.",
    ),
    guard: members(
      {
        input: condition("Over `prompt`; must give true."),
        output: condition("Over `output`; must give true."),
        uses: text(
          "A capability that checks `{side, prompt}` and `{side, prompt, output}`. It returns true, or the reason of its refusal.",
          "usesCapability",
          250,
        ),
      },
      { name: "agentGuard", doc: "Checks of its prompt and its result." },
    ),
    contextTokens: whole("From this size on the transcript is summarised. Default: 100,000.", 1_000, any),
  },
  { name: "agent", required: ["model", "instructions"], doc: "A language model that uses tools." },
);

/** Kinds of tasks. A task has exactly one of these keys. */
export const taskKinds = [
  "uses",
  "function",
  "agent",
  "workflow",
  "mission",
  "wait",
  "approve",
  "gate",
  "set",
  "loop",
  "spawn",
] as const;
export type TaskKindWord = (typeof taskKinds)[number];
/** Kinds in a plan: an agent is a durable function of the platform. */
export type PlanKindWord = Exclude<TaskKindWord, "agent">;

export const task: MembersShape = members(
  {
    title: text("For people."),
    uses: {
      ...text("The capability of its worker. An expression names one of `among`.", "usesCapability", 250),
      computed: true,
    },
    among: list(
      text("A capability.", "usesCapability", 250),
      64,
      "The capabilities that the expression of `uses` may name. Another name fails the task with `workflow.capability_undeclared`.",
    ),
    function: text("A durable function.", "usesCapability", 250),
    agent,
    workflow: text("The definition of a child run.", "usesDefinition", 450),
    mission: text("The definition of a child mission.", "usesDefinition", 450),
    wait,
    approve: { ...approve, doc: "Waits for a person." },
    gate: { ...gate, doc: "Checks results: passes, fails, or sends a task back." },
    set: data("Computes a value."),
    loop: { ...loop, doc: "Repeats tasks." },
    spawn,
    with: data("Its input."),
    parameters: data("Parameters of a child whose definition is a template."),
    parentClose: choice("Action on the child if this run ends first.", "cancel", "terminate", "abandon"),
    needs: variants("Tasks that must end first.", {
      text: text("The task. It has to complete, or to be skipped by its own `when`.", "taskId", 200),
      list: list(need, limits.needsMax),
    }),
    when: condition("Condition. If it is false, Tutti skips the task."),
    forEach: condition(
      "A list. The task runs once for each entry: `item`, with `index` from 0. Its output is the list of outputs in the same order.",
    ),
    maxParallel: whole("Maximum number of entries at the same time. Default: all.", 1, 100_000),
    failFast: flag("Whether the first failed entry ends the others. Default: true."),
    retry,
    timeout,
    compensate: { ...compensate, doc: "The compensation of its effect." },
    priority: whole("Greater is more urgent. Default: 0.", -100, 100),
    labels: map("labelKey", template("Its value."), 64, "For search and selection. The agent sees them."),
    placement,
    resources: map(
      "labelKey",
      number("How much.", 0, any),
      32,
      "Resources of its agent that it uses while it runs: cpu, memory_bytes, gpu, a licence.",
    ),
    budget: members(
      {
        tokens: number("Tokens of language models.", 0, any),
        money: number("What it may cost.", 0, any),
        time: duration("How long its agents may work."),
      },
      {
        name: "taskBudget",
        doc: "Budget of all its attempts together. The budget of the run also applies.",
      },
    ),
    cost: { ...cost, doc: "Expected cost of an attempt. Learned values replace it." },
    estimate: { ...cost, doc: "The older name of `cost`.", replacedBy: "cost" },
    checks: list(check, 32, "Checks of its output."),
    limits: list(limit, 16, "Limits that all tasks with the same key share."),
    cache,
    dueTime: template(
      "When its outcome is wanted. It orders the queue, and lateness is reported. Not a timeout.",
    ),
    idempotencyKey: template(
      "The key that handlers pass to other systems, so a repeated attempt takes effect once.",
    ),
    gang: text("All tasks of a gang in the same list start together, or not at all.", "name", 200),
    mayBeDoubled: flag("Whether a second copy may be started when the first is much slower than usual."),
    mayFail: flag("Whether the run can still complete when this task fails."),
  },
  { name: "task", oneOf: [taskKinds], doc: "A task." },
);
