// The reference of expressions: variables, operators, functions and macros, with results of the evaluator.
import { checkText, formatWithoutPlace } from "../../libs/definitions/src/index.ts";
import { globals, methods } from "../../libs/expressions/src/functions/functions.ts";
import {
  compileExpression,
  expressionLimits,
  printType,
  scopeOf,
  types,
} from "../../libs/expressions/src/index.ts";
import { cell } from "./language.mjs";

/**
 * Names, their scope, and a definition that reads them.
 *
 * @type {ReadonlyArray<readonly [name: string, where: string, meaning: string, definition: string]>}
 */
const names = [
  ["input", "everywhere", "The input of the run.", "tasks: {a: {uses: x.y, with: '${{ input }}'}}"],
  [
    "tasks.ID.output",
    "tasks, output",
    "The output of a task. The expression waits until the task has completed.",
    "tasks: {a: {uses: x.y}, b: {uses: x.y, with: '${{ tasks.a.output }}'}}",
  ],
  [
    "tasks.ID.status",
    "tasks, output",
    "`completed`, `failed`, `skipped` or `cancelled`.",
    "tasks: {a: {uses: x.y}, b: {uses: x.y, when: tasks.a.status == 'failed', needs: [{task: a, on: done}]}}",
  ],
  [
    "tasks.ID.error",
    "tasks, output",
    "Its `code`, `message` and `details`, or null.",
    "tasks: {a: {uses: x.y}, b: {uses: x.y, with: '${{ tasks.a.error }}', needs: [{task: a, on: failure}]}}",
  ],
  [
    "run.id",
    "everywhere",
    "Also `run.namespace`, `run.definition`, `run.incarnation`, `run.startTime`, `run.labels`.",
    "tasks: {a: {uses: x.y, with: ['${{ run.id }}', '${{ run.namespace }}', '${{ run.definition }}', '${{ run.incarnation }}', '${{ run.startTime }}', '${{ run.labels }}']}}",
  ],
  [
    "parameters",
    "everywhere",
    "The parameters of a template.",
    "parameters: {schema: {type: object}}\ntasks: {a: {uses: x.y, with: '${{ parameters }}'}}",
  ],
  [
    "vars",
    "everywhere",
    "Variables that `set` and updates change.",
    "vars: {count: {schema: {type: integer}, initial: 0}}\ntasks: {a: {uses: x.y, with: '${{ vars.count }}'}}",
  ],
  [
    "item, index",
    "a task with `forEach`",
    "The element of the list, and its index, starting at 0.",
    "tasks: {a: {uses: x.y, forEach: input.all, with: ['${{ item }}', '${{ index }}']}}",
  ],
  [
    "round.number, round.last",
    "a loop",
    "The number of the iteration, and the output of the previous iteration.",
    "tasks: {a: {loop: {max: 3, until: round.number > 1, tasks: {b: {uses: x.y, with: '${{ round.last }}'}}}}}",
  ],
  [
    "output",
    "`compensate`",
    "The output of the compensated task.",
    "tasks: {a: {uses: x.y, compensate: {uses: x.z, with: '${{ output }}'}}}",
  ],
];

const example = {
  input: {
    name: "Ada",
    cents: 4200,
    items: [
      { article: "violin", count: 1 },
      { article: "bow", count: 2 },
    ],
    tags: { colour: "red" },
    due: "2026-03-01T09:30:00Z",
  },
};

/** @type {ReadonlyArray<readonly [title: string, expressions: readonly string[]]>} */
const examples = [
  [
    "Values and conditions",
    [
      "input.cents > 1000 && input.name != ''",
      "input.cents > 5000 ? 'large' : 'small'",
      "has(input.phone) ? input.phone : 'none'",
      "'violin' in ['violin', 'viola']",
    ],
  ],
  [
    "Texts",
    [
      "'Hello, ' + input.name",
      "'%s pays %d'.format([input.name, int(input.cents)])",
      "input.name.lowerAscii().startsWith('a')",
      "'a-b-c'.split('-')",
      "['a', 'b'].join(', ')",
      "'order-17'.matches('^order-[0-9]+$')",
    ],
  ],
  ["Numbers", ["int(input.cents) / 100", "math.greatest(3, 7)", "math.round(2.5)", "string(input.cents)"]],
  [
    "Lists and maps",
    [
      "input.items.map(one, one.article)",
      "input.items.filter(one, one.count > 1)",
      "input.items.exists(one, one.article == 'bow')",
      "input.items.all(one, one.count > 0)",
      "size(input.items)",
      "input.items.transformMapEntry(index, one, {one.article: one.count})",
      "lists.range(3).map(n, n * n)",
      "input.tags.colour",
    ],
  ],
  [
    "Times",
    [
      "timestamp(input.due) + duration('90m')",
      "timestamp(input.due).getDayOfWeek('Europe/Zurich')",
      "timestamp(input.due) > timestamp('2026-01-01T00:00:00Z')",
    ],
  ],
];

const operators = [
  "`!` `-`",
  "`*` `/` `%`",
  "`+` `-`",
  "`<` `<=` `>` `>=` `==` `!=` `in`",
  "`&&`",
  "`||`",
  "`a ? b : c`",
];

/** @type {ReadonlyArray<readonly [form: string, meaning: string]>} */
const macros = [
  ["has(value.key)", "Whether the key exists."],
  ["list.all(x, condition)", "Whether the condition holds for each element. Also for maps: the keys."],
  ["list.exists(x, condition)", "Whether the condition holds for at least one element."],
  ["list.exists_one(x, condition)", "Whether the condition holds for exactly one element."],
  ["list.filter(x, condition)", "The elements for which the condition holds."],
  ["list.map(x, value)", "A list of the values. `map(x, condition, value)` filters first."],
  ["list.transformList(i, x, value)", "The same with the index, or the key of a map."],
  ["map.transformMap(key, x, value)", "A map with the same keys and new values."],
  ["list.transformMapEntry(i, x, {key: value})", "A map of the entries."],
  ["cel.bind(x, value, expression)", "The expression, with a value bound to a name."],
];

const exactNumbers = [
  "Whole numbers in data keep every digit, also above 2^53, and comparisons are exact. A list or an object passes them on unchanged. An",
  "expression whose result is such a number gives it as text, because JavaScript would round it. Calculations have 64 bits.",
];

export function expressionsPage() {
  return [
    "# Expressions",
    "",
    "Text in `${{ … }}` is an expression in the [Common Expression Language](https://cel.dev). Conditions such as `when` and `until` are",
    "expressions without the braces. The check finds misspelt names and wrong types when you register a definition. A value that is one",
    "expression alone keeps its type: `${{ input.items }}` is a list.",
    "",
    "## What an expression reads",
    "",
    "| name | where | meaning |",
    "|---|---|---|",
    ...names.map(([name, where, meaning, definition]) => {
      const { problems } = checkText({
        format: "yaml",
        text: `workflow: example\n${definition}\n`,
        fileName: "example.yaml",
      });
      const [problem] = problems.filter(({ severity }) => severity === "error");
      if (problem !== undefined) throw new Error(`${name}: ${formatWithoutPlace(problem)}`);
      return `| \`${name}\` | ${where} | ${meaning} |`;
    }),
    "",
    "A trigger reads the [event](../guides/triggers.md) as `event`, and a webhook its `body`. An agent reads `call`, `prompt` and `output` in",
    "its [conditions](language/agent.md).",
    "",
    "## Examples",
    "",
    "With this input:",
    "",
    "```json",
    JSON.stringify(example.input),
    "```",
    ...examples.flatMap(([title, expressions]) => [
      "",
      `### ${title}`,
      "",
      "| expression | result |",
      "|---|---|",
      ...expressions.map((text) => `| \`${cell(text)}\` | \`${cell(JSON.stringify(resultOf(text)))}\` |`),
    ]),
    "",
    "## Operators",
    "",
    "From the strongest to the weakest. A whole number and a number with a fraction compute together.",
    "",
    ...operators.map((each) => `- ${each}`),
    "",
    ...exactNumbers,
    "",
    "## Macros",
    "",
    "| macro | meaning |",
    "|---|---|",
    ...macros.map(([form, meaning]) => `| \`${form}\` | ${meaning} |`),
    "",
    "## Functions",
    "",
    "| function | signature |",
    "|---|---|",
    ...functionRows(),
    "",
    "## Limits",
    "",
    `An expression has at most ${count(expressionLimits.textLengthMax)} characters and ${count(expressionLimits.depthMax)} levels. An evaluation has`,
    `${count(expressionLimits.stepsMax)} steps, then it fails with [\`expressions.steps_exhausted\`](errors.md#expressionssteps_exhausted). A missing key`,
    "or a division by zero fails with [`expressions.failed`](errors.md#expressionsfailed). Ask with `has()` first.",
    "",
  ].join("\n");
}

/** @param {string} text */
function resultOf(text) {
  const compiled = compileExpression(text, scopeOf({ input: types.dyn }));
  if (!compiled.ok) throw new Error(`${text}: ${compiled.problems[0]?.message}`);
  const evaluated = compiled.program.evaluate(() => example.input);
  if (!evaluated.ok) throw new Error(`${text}: ${evaluated.problem.message}`);
  return evaluated.value;
}

function functionRows() {
  const declared = [...new Set([...globals.values(), ...methods.values()])];
  return declared
    .toSorted((one, other) => one.name.localeCompare(other.name, "en"))
    .map(({ name, style, overloads }) => {
      const forms = overloads.map(({ parameters, result }) => {
        const [first, ...rest] = parameters.map(printType);
        const call =
          style === "global"
            ? `${name}(${[first, ...rest].join(", ")})`
            : `${first}.${name}(${rest.join(", ")})`;
        return `${call} → ${printType(result)}`;
      });
      return `| \`${name}\` | ${forms.length === 0 ? "any number of arguments" : forms.map((form) => `\`${cell(form)}\``).join("<br>")} |`;
    });
}

/** @param {number} number */
function count(number) {
  return number.toLocaleString("en");
}
