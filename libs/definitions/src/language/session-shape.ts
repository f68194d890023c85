import { type MembersShape, shapes } from "./shape.ts";
import { task } from "./task-shape.ts";

/** Shape of the file of a session. */

const { choice, condition, data, duration, flag, later, list, map, members, number, text, variants, whole } =
  shapes;

const any = Number.MAX_SAFE_INTEGER;

const sessionModes = ["workflow", "swarm", "intelligence", "hybrid", "adaptive", "custom"] as const;

const amounts = {
  tokens: number("Tokens of language models.", 0, any),
  money: number("Money in the installation's unit.", 0, any),
  time: duration("Running time of agents."),
};

const goal = variants("The goal. Tutti breaks it down into tasks.", {
  text: text("The goal as text.", undefined, 65_536),
  members: members(
    {
      description: text("The goal as text.", undefined, 65_536),
      planner: text(
        "The capability that breaks it down into tasks. Default: the configured one.",
        "name",
        200,
      ),
      reached: condition(
        "Over `output` and `input`: whether it is reached. Default: it is reached when the tasks are done.",
      ),
    },
    { name: "goal", required: ["description"] },
  ),
});

const optimization = variants("What the plan optimizes. By default, no exploration.", {
  flag: flag("Weighs time, cost and quality equally."),
  text: choice("The single goal.", "balanced", "time", "cost", "quality"),
  members: members(
    {
      time: number("Weight of a short time.", 0, 1_000),
      cost: number("Weight of little money.", 0, 1_000),
      quality: number("Weight of good results.", 0, 1_000),
      exploration: number(
        "How much longer it may take so that something is learned, as a share. Default: 0.05.",
        0,
        1,
      ),
      fixed: flag("Whether it stays in the mode that was chosen first."),
    },
    { name: "optimization" },
  ),
});

const levels = ["minimal", "standard", "detailed"] as const;

const monitoring = variants("How closely it is watched. Default: the standard level.", {
  flag: flag("Whether it is watched at the standard level, or at the minimal one."),
  text: choice("The level.", ...levels),
  members: members(
    {
      level: choice("The level. Default: the standard one.", ...levels),
      deviation: number(
        "By which share a task may differ from its plan before this is reported and planned again. Default: 0.5.",
        0,
        any,
      ),
    },
    { name: "monitoring" },
  ),
});

const after = variants("A session that has to end first: its id, or how it has to end.", {
  text: text("The session. It has to complete.", "id", 200),
  members: members(
    {
      session: text("The session.", "id", 200),
      namespace: text("Its namespace. Default: the namespace of this one.", "name", 200),
      on: choice("How it has to end. Default: `success`.", "success", "failure", "always"),
    },
    { name: "after", required: ["session"] },
  ),
});

const lock = variants("A lock that it holds while it runs: its name, or how it is held.", {
  text: text("The lock.", "id", 200),
  members: members(
    {
      name: text("The lock.", "id", 200),
      permits: whole("How many permits. Default: 1.", 1, 1_000_000),
      shared: flag("Shared: others can hold the lock in shared mode at the same time."),
    },
    { name: "lock", required: ["name"] },
  ),
});

export const session: MembersShape = members(
  {
    session: text("The name of the file's work: the title of sessions that come of it.", "name", 200),
    title: text("For people. Default: the name."),
    mode: choice("How its tasks are done. Default: `adaptive`.", ...sessionModes),
    orchestrator: text("The service that does it, for the mode `custom`.", "name", 200),
    optimization,
    monitoring,
    input: data("What expressions see as `input`."),
    tasks: map(
      "taskId",
      later(() => task),
      100_000,
      "The tasks.",
      1,
    ),
    goal,
    workflow: text("The registered definition whose tasks it does.", "usesDefinition", 450),
    output: condition("Its output. Default: the outputs of all its tasks by name."),
    budget: members(amounts, { name: "budget", doc: "The limits of its consumption." }),
    pool: text("Pool of its tasks, where they name none.", "name", 200),
    priority: whole("Added to the priority of each task.", -100, 100),
    dueTime: text("When its outcome is wanted: a moment in RFC 3339. Not a timeout."),
    timeout: duration("How long it may take."),
    weight: number("Its share against other sessions when there is not enough for all. Default: 1.", 0, any),
    limits: map(
      "labelKey",
      number("How much.", 0, any),
      32,
      "Limits of concurrent use by name: slots and named resources.",
    ),
    reservations: list(text("A reservation.", "id", 200), 32, "Reservations that it may use."),
    after: list(after, 100, "Sessions that have to end before it starts."),
    locks: list(lock, 100, "Locks that it holds while it runs, acquired together before it starts."),
    labels: map("labelKey", text("Its value.", undefined, 256), 64, "To search and to select by."),
    retention: duration("How long it can be read after its end."),
  },
  {
    name: "session",
    required: ["session"],
    oneOf: [["tasks", "goal", "workflow"]],
    doc: "A session of Tutti: work, and how it is to be done.",
  },
);
