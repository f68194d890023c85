import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Catalogue, checkText, printProblem } from "../src/index.ts";
import { check, problemsOf } from "./language.fixture.ts";

/** Texts, and the expected problems. */
const table: readonly (readonly [title: string, text: string, problems: readonly string[]])[] = [
  [
    "text that is not YAML",
    "workflow: w\ntasks:\n  a: {needs: [b, c}\n",
    [
      "a.yaml:3:14: error: the text is not YAML: `[` is not closed, or the lines after it are not indented further",
    ],
  ],
  [
    "a bracket that is open before the lines below it, without the consequences",
    "workflow: w\ntasks: [\n  a:\n    uses: x\n  b:\n    uses: y\noutput: >-\n  ${{ tasks.a.output }}\n",
    [
      "a.yaml:4:5: error: the text is not YAML: a block mapping or list inside brackets. Close the bracket before it",
    ],
  ],
  [
    "expressions inside brackets without quotes, the first one without the consequences",
    "workflow: w\ntasks:\n  a:\n    uses: x\n    with: {n: ${{ input.n }}, m: ${{ input.m }}}\n  b: {uses: y}\n",
    ["a.yaml:5:15: error: the text is not YAML: `${{ … }}` inside brackets. Put it in quotes"],
  ],
  [
    "a JSON Schema in place of the mapping that has it",
    "workflow: w\ninput: {type: object}\ntasks: {a: {uses: x}}\n",
    ['a.yaml:2:9: error: input.type: unknown key "type". Did you mean `schema`?'],
  ],
  ["a list", "- a", ["a.yaml:1:1: error: expected a mapping for `definition`, got a list"]],
  ["nothing", "", ["a.yaml:1:1: error: expected a mapping for `definition`, got nothing"]],
  [
    "no name and no tasks",
    "description: x",
    [
      "a.yaml:1:1: error: expected `workflow`, got none",
      "a.yaml:1:1: error: expected one of `tasks`, `steps`, `states`, got none",
    ],
  ],
  [
    "a misspelt key",
    "workflow: w\ntask: {a: {uses: x}}\ntasks: {a: {uses: x}}",
    ['a.yaml:2:1: error: task: unknown key "task". Did you mean `tasks`?'],
  ],
  [
    "one typing error of the key that a task needs, and of a task that is similar to the task itself",
    "workflow: w\ntasks:\n  first: {use: x, needs: [first2]}\n  other: {uses: x}",
    [
      'a.yaml:3:11: error: tasks.first.use: unknown key "use". Did you mean `uses`?',
      "a.yaml:3:27: error: tasks.first.needs[0]: unknown task `first2`",
    ],
  ],
  [
    "a key twice",
    "workflow: w\ntasks:\n  a: {uses: x}\n  a: {uses: y}",
    ["a.yaml:4:3: error: tasks.a: the key `a` appears a second time"],
  ],
  [
    "a number that would be rounded",
    "workflow: w\ntasks:\n  a: {uses: x, with: {id: 9007199254740993, same: 9007199254740992}}",
    [
      "a.yaml:3:27: warning: tasks.a.with.id: the number 9007199254740993 is rounded to 9007199254740992. Write it as a text to keep its digits",
    ],
  ],
  [
    "a number of JSON that would be rounded",
    '{"workflow": "w", "tasks": {"a": {"uses": "x", "with": {"n": 0.1, "id": -9007199254740993}}}}',
    [
      "a.yaml:1:73: warning: tasks.a.with.id: the number -9007199254740993 is rounded to -9007199254740992. Write it as a text to keep its digits",
    ],
  ],
  [
    "a computed capability without the list of what it may be",
    'workflow: w\ntasks:\n  a: {uses: "${{ input.x }}"}',
    [
      "a.yaml:3:13: error: tasks.a.uses: `uses` is an expression, and `among` does not list the capabilities that it may name",
    ],
  ],
  [
    "a list of capabilities without an expression",
    "workflow: w\ntasks:\n  a: {uses: x, among: [x, y]}",
    ["a.yaml:3:23: error: tasks.a.among: `among` lists capabilities for an expression, and `uses` is none"],
  ],
  [
    "two kinds in one task",
    "workflow: w\ntasks:\n  a: {uses: x, set: 1}",
    [
      "a.yaml:3:16: error: tasks.a.set: expected one of `uses`, `function`, `agent`, `workflow`, `mission`, `wait`, `approve`, `gate`, `set`, `loop`, `spawn`, got `uses` and `set`",
    ],
  ],
  [
    "no kind in a task, and another form of a key",
    "workflow: w\ntasks:\n  a: {with: {x: 1}}\n  b: {uses: x, retries: 3}",
    [
      "a.yaml:3:3: error: tasks.a: expected `uses`, or one of `function`, `agent`, `workflow`, `mission`, `wait`, `approve`, `gate`, `set`, `loop`, `spawn`, got none",
      'a.yaml:4:16: error: tasks.b.retries: unknown key "retries". Did you mean `retry`?',
    ],
  ],
  [
    "a wait for an event of no type, and with keys of a signal",
    "workflow: w\ntasks:\n  a: {wait: {event: shop.*}}\n  b: {wait: {event: shop.paid, where: 'true'}}\n  c: {wait: {signal: go, if: 'true'}}",
    [
      'a.yaml:3:21: error: tasks.a.wait.event: expected a type such as `shop.order.paid`, got "shop.*"',
      'a.yaml:4:39: error: tasks.b.wait.where: expected `if` for an event, got "where"',
      'a.yaml:5:30: error: tasks.c.wait.if: expected `where` for a signal, got "if"',
    ],
  ],
  [
    "a name with capitals",
    "workflow: Order\ntasks: {a: {uses: x}}",
    ['a.yaml:1:11: error: workflow: expected a lower-case name such as `order` or `shop.order`, got "Order"'],
  ],
  [
    "a task's name with a blank",
    "workflow: w\ntasks: {a b: {uses: x}}",
    [
      'a.yaml:2:9: error: tasks["a b"]: expected letters, digits and . _ -, not starting with a dot or dash as key, got "a b"',
    ],
  ],
  [
    "several attempts without a pause between them",
    "workflow: w\ntasks:\n  a: {uses: x, retry: {attempts: 2, backoff: 0s}, compensate: {uses: y}}\n  b: {uses: x, retry: {backoff: 1s..0s}}\n  c: {uses: x, retry: {attempts: 1, backoff: 0s}}",
    [
      "a.yaml:3:46: error: tasks.a.retry.backoff: expected a first pause of more than 0 with 2 attempts, got 0",
      "a.yaml:4:33: error: tasks.b.retry.backoff: expected a longest pause of more than 0 with 5 attempts, got 0",
    ],
  ],
  [
    "needs in a circle",
    "workflow: w\ntasks:\n  a: {uses: x, needs: [c]}\n  b: {uses: x, needs: [a]}\n  c: {uses: x, needs: [b]}\n  d: {uses: x, needs: [c]}",
    ["a.yaml:3:3: error: tasks.a: the needs of tasks form a cycle: a → c → b → a"],
  ],
  [
    "a need of itself",
    "workflow: w\ntasks:\n  a: {uses: x, needs: a}",
    ["a.yaml:3:23: error: tasks.a.needs: `a` needs itself"],
  ],
  [
    "a circle by expressions",
    'workflow: w\ntasks:\n  a: {set: "${{ tasks.b.output }}"}\n  b: {set: "${{ tasks.a.output }}"}',
    ["a.yaml:3:3: error: tasks.a: the needs of tasks form a cycle: a → b → a"],
  ],
  [
    "a task that reads itself",
    'workflow: w\ntasks:\n  a: {set: "${{ tasks.a.output }}"}',
    ["a.yaml:3:3: error: tasks.a: `a` refers to the output of `a`: it is not there before it has ended"],
  ],
  [
    "unknown tasks in needs and expressions",
    'workflow: w\ntasks:\n  reserve: {uses: x}\n  charge: {uses: y, needs: [resrve], with: {a: "id ${{ tasks.reserv.output.id }}"}}',
    [
      "a.yaml:4:29: error: tasks.charge.needs[0]: unknown task `resrve`. Did you mean `reserve`?",
      "a.yaml:4:56: error: tasks.charge.with.a: unknown name `tasks.reserv.output.id`. Did you mean `tasks.reserve.output`?",
    ],
  ],
  [
    "a task that waits for both ends of another",
    "workflow: w\ntasks:\n  a: {uses: x}\n  b: {uses: y, needs: [a, {task: a, on: failure}]}",
    [
      "a.yaml:4:34: error: tasks.b.needs[1].task: `a` cannot end both with done and with failure. This task would never be done",
    ],
  ],
  [
    "tasks that are never done",
    "workflow: w\ntasks:\n  a: {uses: x, when: false}\n  b: {uses: y, needs: [{task: a, on: success}]}\n  c: {uses: y, needs: [a, {task: b, on: always}]}\n  d: {wait: 5m}\n  e: {uses: z, needs: [{task: d, on: failure}]}",
    [
      "a.yaml:3:22: warning: tasks.a.when: this task is never done: its condition is always false",
      "a.yaml:4:3: warning: tasks.b: this task is never done: it needs `a`, which is never done",
      "a.yaml:7:3: warning: tasks.e: this task is never done: it needs a failure of `d`, which cannot fail",
    ],
  ],
  [
    "outputs of tasks that can be skipped, read without a guard by the run or by a task that is not skipped",
    'workflow: w\ninput: {schema: {type: object, properties: {big: {type: boolean}}}}\ntasks:\n  a: {uses: x, when: "${{ input.big }}"}\n  b: {uses: y, needs: [{task: a, on: always}], with: {v: "${{ tasks.a.output.v }}"}}\n  c: {uses: y, with: {v: "${{ tasks.a.output.v }}"}}\n  d: {uses: y, needs: [b]}\noutput: {v: "${{ tasks.a.output.v }}", w: "${{ has(tasks.a.output) ? 1 : 2 }}", x: "${{ tasks.c.output }}", y: "${{ tasks.d.output }}"}',
    [
      "a.yaml:5:58: warning: tasks.b.with.v: `a` can be skipped. It has no output then, and this task fails. Guard it with `has(tasks.a.output)`",
      "a.yaml:8:13: warning: output.v: `a` can be skipped. It has no output then, and the run fails. Guard it with `has(tasks.a.output)`",
      "a.yaml:8:84: warning: output.x: `c` can be skipped. It has no output then, and the run fails. Guard it with `has(tasks.c.output)`",
    ],
  ],
  [
    "types that do not go together",
    'workflow: w\ninput: {schema: {type: object, properties: {n: {type: integer}, s: {type: string}}}}\ntasks:\n  a: {uses: x, when: "${{ input.n }}"}\n  b: {uses: x, forEach: "${{ input.s }}"}\n  c: {set: "${{ input.n + input.s }}"}\n  d: {set: "${{ input.m }}"}',
    [
      "a.yaml:4:27: error: tasks.a.when: expected a bool, got int",
      "a.yaml:5:30: error: tasks.b.forEach: expected a list(dyn), got string",
      "a.yaml:6:25: error: tasks.c.set: `+` does not take int and string",
      "a.yaml:7:23: error: tasks.d.set: unknown field `m`. Did you mean `n`?",
    ],
  ],
  [
    "a type that comes through other tasks",
    'workflow: w\ntasks:\n  a: {set: {n: 1, list: ["x"]}}\n  b: {set: "${{ tasks.a.output.n + 1 }}"}\n  c: {set: "${{ tasks.b.output + tasks.a.output.list[0] }}"}\n  d: {forEach: "${{ tasks.a.output.list }}", set: "${{ item }}"}\n  e: {set: "${{ tasks.d.output[0] + 1 }}"}',
    [
      "a.yaml:5:32: error: tasks.c.set: `+` does not take int and string",
      "a.yaml:7:35: error: tasks.e.set: `+` does not take string and int",
    ],
  ],
  [
    "an expression in a folded text",
    "workflow: w\ntasks:\n  a:\n    set: >-\n      some words\n      and ${{ inptu.a }}\n      more",
    ["a.yaml:6:15: error: tasks.a.set: unknown name `inptu.a`. Did you mean `input`?"],
  ],
  [
    "options that mean nothing",
    "workflow: w\ntasks:\n  a: {set: 1, retry: 3, maxParallel: 2}\n  b: {wait: 5m, with: 1}\n  c: {uses: x, limits: [{key: k}], parameters: {a: 1}}",
    [
      "a.yaml:3:15: error: tasks.a.retry: `retry` has no effect on a task of the kind `set`",
      "a.yaml:3:25: error: tasks.a.maxParallel: `maxParallel` has no effect without `forEach`",
      "a.yaml:4:17: error: tasks.b.with: `with` has no effect on a task of the kind `wait`",
      "a.yaml:5:25: error: tasks.c.limits[0]: expected `concurrency`, `rate` or `resources`, got none of them",
      "a.yaml:5:36: error: tasks.c.parameters: `parameters` has no effect on a task of the kind `uses`",
    ],
  ],
  [
    "limits of resources that are less than the task asks for, or of a whole run",
    "workflow: w\nlimits: [{key: k, resources: {gpu: 1}}]\ntasks:\n  a: {uses: x, resources: {gpu: 2}, limits: [{key: k, resources: {gpu: 1}}]}",
    [
      "a.yaml:2:30: error: limits[0].resources: expected `concurrency` or `rate`, got amounts of resources. Set amounts only for tasks of agents",
      "a.yaml:4:72: error: tasks.a.limits[0].resources.gpu: expected at least 2 gpu, which the task requests, got 1",
    ],
  ],
  [
    "slots as if they were a resource",
    "workflow: w\ntasks:\n  a: {uses: x, resources: {gpu: 1, slots: 2}}",
    [
      "a.yaml:3:43: error: tasks.a.resources.slots: expected resources by their names, got slots: each task takes exactly one slot. Omit slots",
    ],
  ],
  [
    "a gate that sends back where nothing comes from",
    "workflow: w\ntasks:\n  a: {uses: x}\n  b: {uses: x}\n  g: {needs: [a], gate: {check: true, sendBack: b}}\n  h: {needs: [a], gate: {check: true, sendBack: c}}",
    [
      "a.yaml:5:49: error: tasks.g.gate.sendBack: work can be sent back only to a task that `g` rests on, and `b` is none",
      "a.yaml:6:49: error: tasks.h.gate.sendBack: unknown task `c`. Did you mean `a`?",
    ],
  ],
  [
    "spans, numbers and choices",
    "workflow: w\ntimeout: 5 minutes\nonFailure: rollback\ntasks:\n  a: {uses: x, retry: 0, priority: 1.5, timeout: {rnu: 1s}}\n  b: {wait: soon}\n  c: {wait: {until: tomorrow}}",
    [
      'a.yaml:2:10: error: timeout: expected a span of time such as `30s`, `1h30m` or `2d`, got "5 minutes"',
      'a.yaml:3:12: error: onFailure: expected `compensate` or `keep`, got "rollback"',
      "a.yaml:5:23: error: tasks.a.retry: expected a whole number from 1 to 1000000, got 0",
      "a.yaml:5:36: error: tasks.a.priority: expected a whole number, got 1.5",
      'a.yaml:5:51: error: tasks.a.timeout.rnu: unknown key "rnu". Did you mean `run`?',
      'a.yaml:6:13: error: tasks.b.wait: expected a span of time such as `30s`, `1h30m` or `2d`, got "soon"',
      'a.yaml:7:21: error: tasks.c.wait.until: expected a moment such as 2026-01-31T09:30:00Z, got "tomorrow"',
    ],
  ],
  [
    "times of attempts where no agent makes any",
    "workflow: w\ntasks:\n  a: {wait: {signal: s}, timeout: {run: 1h}}\n  b: {workflow: x, timeout: 1h}\n  c: {approve: {}, timeout: {queue: 1h, total: 2h}}\nsignals: {s: {}}",
    [
      "a.yaml:3:36: error: tasks.a.timeout.run: `run` is the time of an agent's attempt, and a task of the kind `wait` has none: `total`, or a single duration, is the total time",
      "a.yaml:5:30: error: tasks.c.timeout.queue: `queue` is the time of an agent's attempt, and a task of the kind `approve` has none: `total`, or a single duration, is the total time",
    ],
  ],
  [
    "signals, schemas, variables",
    "workflow: w\ninput: {schema: {type: objekt}}\nvars: {n: 0}\nsignals: {paid: {}}\nupdates: {u: {set: {m: 1, n: \"${{ 'x' }}\"}}}\ntasks:\n  a: {wait: {signal: payd}}",
    [
      "a.yaml:2:24: error: input.schema.type: this is no JSON Schema: `type` must be equal to one of the allowed values",
      "a.yaml:5:21: error: updates.u.set.m: unknown variable `m`. Did you mean `n`?",
      "a.yaml:5:30: error: updates.u.set.n: expected a int for `n`, got string",
      "a.yaml:7:22: error: tasks.a.wait.signal: unknown signal `payd`. Did you mean `paid`?",
    ],
  ],
  [
    "states that lead nowhere",
    "workflow: w\ninitial: aa\nstates:\n  a: {on: {go: bb}}\n  b: {final: true, on: {go: a}}\n  c: {output: 1}\n  d: {onDone: a, after: {soon: a}}",
    [
      "a.yaml:2:10: error: initial: unknown state `aa`. Did you mean `a`?",
      "a.yaml:4:16: error: states.a.on.go: unknown state `bb`. Did you mean `b`?",
      "a.yaml:5:20: error: states.b.on: `on` is not allowed in a final state",
      "a.yaml:6:3: warning: states.c: this state has no transition and is not final",
      "a.yaml:6:7: error: states.c.output: `output` is not allowed in a state that is not final",
      "a.yaml:7:7: error: states.d.onDone: `onDone` has no effect without `run`",
      'a.yaml:7:26: error: states.d.after.soon: expected a span of time such as `30s` as key, got "soon"',
    ],
  ],
  [
    "states that nothing leads to",
    "workflow: w\ninitial: a\nstates:\n  a: {on: {go: b}}\n  b: {final: true}\n  c: {on: {go: a}}",
    ["a.yaml:6:3: warning: states.c: no transition leads to the state `c`"],
  ],
  [
    "an expression where a number stands",
    'workflow: w\ntasks:\n  a: {uses: x, forEach: "${{ [1] }}", maxParallel: "${{ 1 }}"}',
    [
      "a.yaml:3:52: error: tasks.a.maxParallel: found an expression, and only a definition with `parameters` may have one here",
    ],
  ],
  [
    "aliases that explode",
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]`,
    [],
  ],
];

describe("an error in a definition", () => {
  for (const [title, text, problems] of table.slice(0, -1))
    it(title, () => assert.deepEqual(problemsOf(text), problems));

  it("aliases that explode", () => {
    const [, text = ""] = table.at(-1) ?? [];
    const { problems } = check(text);
    assert.ok(problems.some(({ message }) => message.includes("has too many aliases")));
    assert.ok(problems.length < 1_010);
  });

  it("is reported in JSON as well, with its places", () => {
    const text =
      '{\n "workflow": "w",\n "tasks": {\n  "a": {"uses": "x", "needs": ["b"]},\n  "b": {"uses": "x", "when": "${{ \\"é\\" + 1 }}"},\n  "b": {"uses": "y"}\n }\n}';
    const { problems } = checkText({ format: "json", text, fileName: "a.json" });
    assert.deepEqual(
      problems.map((problem) => printProblem({ ...problem, expected: "" })),
      [
        "a.json:5:41: error: tasks.b.when: `+` does not take string and int",
        "a.json:6:3: error: tasks.b: the key `b` appears a second time",
      ],
    );
    const broken = checkText({ format: "json", text: '{"workflow": "w",}', fileName: "a.json" });
    assert.deepEqual(
      broken.problems.map((problem) => printProblem(problem)),
      ["a.json:1:18: error: the text is not JSON: expected a key in double quotes, got `}`"],
    );
  });

  it("suggests the correct key", () => {
    const [problem] = check("workflow: w\ntasks: {a: {usse: x}, b: {uses: y}}").problems.filter(
      ({ code }) => code === "unknown_key",
    );
    assert.equal(problem?.expected, "`uses`");
  });

  it("is cut off above the maximum number of problems", () => {
    const tasks = Array.from({ length: 2_000 }, (_, n) => `  t${n}: {uses: x, needs: [nobody]}`);
    const { problems } = check(`workflow: w\ntasks:\n${tasks.join("\n")}`);
    assert.equal(problems.length, 1_001);
    assert.match(problems.at(-1)?.message ?? "", /1000 more problems/);
  });

  it("is a text that is too long, nested too deeply, or has too much to check", () => {
    assert.equal(check("x".repeat(2_000_000)).problems[0]?.code, "too_large");
    for (const opened of ["[", "{a: ", "- ", "? ", "[a, {b: "]) {
      const text = `workflow: w\ntasks:\n  a:\n    uses: x\n    with:\n      ${opened.repeat(60_000)}`;
      const { problems } = check(text);
      assert.deepEqual(
        problems.map(({ code, line }) => [code, line]),
        [["too_large", 6]],
        opened,
      );
    }
    const within = `{uses: x, with: ${"[".repeat(58)}${"]".repeat(58)}}`;
    assert.deepEqual(check(`workflow: w\ntasks: {a: ${within}}`).problems, []);
    assert.ok(checkText({ format: "json", text: "[".repeat(10_000), fileName: "a" }).problems.length > 0);
    assert.equal(
      check("workflow: w\ntasks: {a: {uses: x, with: [1,2,3,4,5,6,7,8,9,10]}}", { stepsMax: 10 }).problems[0]
        ?.code,
      "too_large",
    );
  });
});

describe("a schema in a definition", () => {
  for (const [schema, path] of [
    ['{$ref: "http://example.com/order.json"}', "input.schema.$ref"],
    ['{properties: {a: {items: {$ref: "file:///etc/passwd"}}}}', "input.schema.properties.a.items.$ref"],
    ['{anyOf: [{$dynamicRef: "order"}]}', "input.schema.anyOf[0].$dynamicRef"],
    ['{$ref: "#/$defs/order"}', "input.schema.$ref"],
  ] as const)
    it(`may not refer to a part outside of it: ${schema}`, () => {
      const { problems } = check(`workflow: w\ninput: {schema: ${schema}}\ntasks: {a: {uses: x}}`);
      assert.deepEqual(
        problems.map(({ code, path: at }) => [code, at.replaceAll(/\["(\$\w+)"\]/g, ".$1")]),
        [["wrong_schema", path]],
      );
    });

  it("may refer to its own parts, and have data and properties that are called like references", () => {
    const schema =
      '{$defs: {o: {type: string}}, properties: {a: {$ref: "#/$defs/o"}, $ref: {type: string}, b: {default: {$ref: "http://x"}}}}';
    assert.deepEqual(check(`workflow: w\ninput: {schema: ${schema}}\ntasks: {a: {uses: x}}`).problems, []);
  });
});

describe("a definition checked with a catalogue", () => {
  const order = {
    type: "object",
    properties: { id: { type: "string" }, count: { type: "integer" } },
    required: ["id"],
  };
  const defaulted = {
    ...order,
    properties: { ...order.properties, currency: { default: "EUR" } },
    required: ["id", "currency"],
  };
  const catalogue: Catalogue = {
    capability: (name, range) =>
      name === "pay.charge" && range !== "^9"
        ? {
            inputSchema: order,
            outputSchema: { type: "object", properties: { receipt: { type: "string" } } },
          }
        : undefined,
    capabilityNames: () => ["pay.charge"],
    definition: (name) => (name === "billing" ? { inputSchema: defaulted } : undefined),
    definitionNames: () => ["billing"],
  };

  for (const [task, problems] of [
    ["{uses: pay.charge, with: {id: x, count: 3}}", []],
    ["{uses: pay.chagre, with: {id: x}}", ["no agent offers `pay.chagre`. Did you mean `pay.charge`?"]],
    ["{uses: pay.charge@^9, with: {id: x}}", ["no agent offers `pay.charge` in the versions ^9"]],
    ["{uses: pay.charge}", ["capability `pay.charge` needs `id` in `with`, got nothing"]],
    ["{uses: pay.charge, with: {count: 1}}", ["`pay.charge` needs `id`, got none"]],
    [
      "{uses: pay.charge, with: {id: 1, cuont: 2}}",
      [
        "`pay.charge` takes a string here, got an int",
        "`pay.charge` takes no `cuont`. Did you mean `count`?",
      ],
    ],
    ['{uses: pay.charge, with: "${{ input.anything }}"}', []],
    ["{uses: pay.charge, with: [1]}", ["`pay.charge` takes an object here, got a list(int)"]],
    ["{workflow: billing, with: {id: 5}}", ["`billing` takes a string here, got an int"]],
    ["{workflow: billing, with: {id: x}}", []],
    ["{workflow: billing}", ["definition `billing` needs `id` in `with`, got nothing"]],
    ["{workflow: biling}", ["there is no definition `biling`. Did you mean `billing`?"]],
    ["{uses: pay.charge, with: {id: x}, compensate: {uses: pay.back}}", ["no agent offers `pay.back`"]],
  ] as const) {
    it(`${task}: ${problems.join(", ") || "nothing"}`, () => {
      const { problems: found } = check(`workflow: w\ntasks:\n  a: ${task}`, { catalogue });
      assert.deepEqual(
        found.map(({ message }) => message),
        problems,
      );
    });
  }

  it("gives types to outputs", () => {
    const text =
      'workflow: w\ntasks:\n  a: {uses: pay.charge, with: {id: x}}\n  b: {set: "${{ tasks.a.output.receit }}"}';
    assert.deepEqual(problemsOf(text, { catalogue }), [
      "a.yaml:4:32: error: tasks.b.set: unknown field `receit`. Did you mean `receipt`?",
    ]);
  });
});

describe("a template", () => {
  const text =
    'workflow: t\nparameters:\n  schema: {type: object, properties: {who: {type: string}, tries: {type: integer, default: 3}, list: {type: array}}, required: [who]}\ntasks:\n  a: {uses: "${{ \'mail.\' + parameters.who }}", retry: "${{ parameters.tries }}", with: {to: "${{ parameters.who }}"}}\n  b: {forEach: "${{ parameters.list }}", uses: x, maxParallel: "${{ parameters.tries * 2 }}"}\n';

  it("is checked without its parameters, and has no plan then", () => {
    const { definition, problems } = check(text);
    assert.deepEqual(problems, []);
    assert.equal(definition?.plan, undefined);
    assert.match(definition?.hash ?? "", /^[0-9a-f]{64}$/);
  });

  it("has a plan with its parameters, and gets the defaults", () => {
    const { definition, problems } = check(text, { parameters: { who: "ann", list: [1] } });
    assert.deepEqual(problems, []);
    const plan = definition?.plan;
    assert.deepEqual(plan?.works[0], { kind: "uses", capability: "mail.ann", versionRange: "" });
    assert.equal(plan?.policies[plan.tasks[0]?.policy ?? -1]?.retry.maxAttempts, 3);
    assert.equal(plan?.policies[plan.tasks[1]?.policy ?? -1]?.maxParallel, 6);
    assert.equal(JSON.stringify(plan?.parameters), '{"list":[1],"tries":3,"who":"ann"}');
    assert.equal(definition?.document.parameters?.values !== undefined, true);
  });

  it("refuses invalid parameters", () => {
    const messages = (parameters: Parameters<typeof check>[1]) =>
      check(text, parameters ?? {}).problems.map(({ message }) => message);
    assert.deepEqual(messages({ parameters: {} }), ["parameters must have required property 'who'"]);
    assert.deepEqual(messages({ parameters: { who: 3 } }), ["`who` must be string, got 3"]);
    assert.deepEqual(messages({ parameters: { who: "Not A Name" } }), [
      'expected a capability in lower case such as `stock.reserve` or `send-mail`, with a range of versions if need be: `stock.reserve@^2`, got "mail.Not A Name"',
    ]);
    assert.deepEqual(
      check("workflow: w\ntasks: {a: {uses: x}}", { parameters: {} }).problems.map(({ code }) => code),
      ["not_a_template"],
    );
  });

  it("reports references to parameters that it does not declare", () => {
    const { problems } = check(text.replace("parameters.tries * 2", "parameters.tris"));
    assert.deepEqual(
      problems.map(({ message }) => message),
      ["unknown field `tris`. Did you mean `tries`?"],
    );
  });

  it("prints a suggestion once, even if the message already contains it", () => {
    const { problems } = check("workflow: w\ntask: {a: {uses: x}}\ntasks: {a: {uses: x, needs: [7]}}");
    const [misspelt, wrong] = problems.map(printProblem);
    assert.equal(misspelt, 'a.yaml:2:1: error: task: unknown key "task". Did you mean `tasks`?');
    assert.match(wrong ?? "", /needs\[0\]: .*expected/);
  });
});
