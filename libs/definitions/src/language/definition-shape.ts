import { type MembersShape, shapes } from "./shape.ts";
import { limit, retry, task } from "./task-shape.ts";
import { onShape } from "./trigger-shape.ts";

/** Shape of a definition. */

const {
  choice,
  condition,
  data,
  duration,
  flag,
  json,
  list,
  map,
  members,
  schema,
  template,
  text,
  variants,
  whole,
} = shapes;

const transition = members(
  {
    to: text(
      "The state that is entered. If absent, the run stays in the state without leaving it.",
      "taskId",
      200,
    ),
    when: condition(
      "The guard: the transition happens only if it is true. `event.name` and `event.payload` are known.",
    ),
    set: map("word", data("The new value."), 100, "Variables to set."),
    do: list(task, 100, "Actions of the transition, one after the other."),
  },
  { name: "transition" },
);

const transitions = variants(
  "The target state, or transitions, of which the first with a true guard happens.",
  {
    text: text("The state that is entered.", "taskId", 200),
    members: transition,
    list: list(transition, 100, "", 1),
  },
);

const state = members(
  {
    title: text("For people."),
    entry: list(task, 100, "Actions on entry of the state, one after the other."),
    exit: list(task, 100, "Actions on exit from the state, one after the other."),
    run: {
      ...task,
      doc: "A task that runs while the run is in the state. It is stopped on exit from the state.",
    },
    onDone: { ...transitions, doc: "The transitions when `run` has completed. `output` is its output." },
    onFailed: {
      ...transitions,
      doc: "The transitions when something in the state has failed. `error` is the reason.",
    },
    on: map("id", transitions, 200, "Transitions by signal."),
    after: map("duration", transitions, 32, "Where to go after which time in the state."),
    always: { ...transitions, doc: "Transitions that happen immediately if their guard is true." },
    final: flag("Whether the run ends here."),
    output: data("The output of the run, in a final state."),
    fail: template("Ends the run with an error and these words, in a final state."),
  },
  { name: "state" },
);

const entry = {
  schema: schema("JSON Schema of the payload."),
  description: text("One sentence for people.", undefined, 4096),
};

const update = members(
  {
    ...entry,
    validate: condition("Condition over `payload`. If it is false, Tutti rejects the update."),
    message: template("The message of the rejection."),
    set: map("word", data("The new value."), 100, "Variables to set."),
    output: data("The answer."),
    outputSchema: schema("JSON Schema of the answer."),
  },
  { name: "update" },
);

export const definition: MembersShape = members(
  {
    workflow: text("The name of the definition.", "name", 200),
    description: text("For people, in Markdown.", undefined, 16_384),
    labels: map("labelKey", text("Its value.", undefined, 256), 64, "To search and to select by."),
    parameters: members(
      {
        schema: schema("JSON Schema of the parameters."),
        values: json("What the parameters are, where the template is filled in."),
      },
      {
        name: "parameters",
        required: ["schema"],
        doc: "Makes the definition a template. Every expression can read `parameters.name`.",
      },
    ),
    input: members(
      {
        schema: schema(
          "JSON Schema of the input. A property with a `default` may be missing, also if it is required.",
        ),
      },
      { name: "input", required: ["schema"], doc: "The input of a run." },
    ),
    outputSchema: schema("JSON Schema of the output."),
    vars: map(
      "word",
      json("The value at the start."),
      100,
      "Variables of the run, `vars.name`, which updates and transitions change.",
    ),
    signals: map("id", members(entry, { name: "signal" }), 200, "Signals that a run accepts."),
    queries: map(
      "id",
      members(
        {
          ...entry,
          output: data("The answer. `payload` is the data of the caller."),
          outputSchema: schema("JSON Schema of the answer."),
        },
        { name: "query", required: ["output"] },
      ),
      200,
      "The queries of a run.",
    ),
    updates: map("id", update, 200, "Updates that a run accepts. Tutti validates and answers each one."),
    pool: text("Pool of its tasks, where they name none.", "name", 200),
    priority: whole("Added to the priority of each task.", -100, 100),
    timeout: duration("Maximum duration of a run. Then it fails, with compensation."),
    retention: duration("How long a run can be read after its end."),
    limits: list(limit, 16, "Limits that its runs share with all others of the same key."),
    object: members(
      {
        key: template("The key. Runs with the same key run one after the other."),
        reader: condition("When it is true, the run only reads and runs next to the others. Default: false."),
        call: template("Name of the call, for lists."),
      },
      {
        name: "object",
        required: ["key"],
        doc: "Its runs are calls of a keyed object: one at a time per key, with shared values.",
      },
    ),
    defaults: members(
      { retry: { ...retry, doc: "Retries of the tasks that set none." } },
      { name: "defaults", doc: "Defaults of its tasks." },
    ),
    onFailure: choice(
      "What a failed run does with its completed tasks. Default: `compensate`.",
      "compensate",
      "keep",
    ),
    on: onShape,
    tasks: map("taskId", task, 100_000, "The tasks.", 1),
    steps: map("taskId", task, 100_000, "Tasks in order: each one needs the one before it.", 1),
    initial: text("The state in which a run starts.", "taskId", 200),
    states: map("taskId", state, 10_000, "The states of a run.", 1),
    output: data("The output of a run. Default: the outputs of all its tasks by name."),
    continueAsNew: members(
      {
        when: condition("Whether the run continues as a new one when its tasks have ended."),
        with: data("The input of the new one. Default: the input of the old one."),
      },
      {
        name: "continueAsNew",
        doc: "For runs without an end: continues as a new run with an empty history.",
      },
    ),
  },
  {
    name: "definition",
    required: ["workflow"],
    oneOf: [["tasks", "steps", "states"]],
    doc: "A workflow of Tutti.",
  },
);
