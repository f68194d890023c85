// The reference of the workflow language: a page for each construct, generated from the JSON Schema, from the examples,
// and from checker messages about a mistake.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkText, formatWithoutPlace } from "../../libs/definitions/src/index.ts";

/**
 * The constructs in the order of the index: the title of the page, the key in a definition, the parts of the schema on
 * the page, and a definition with a typical mistake. `example` is for a key that no file of `examples` has.
 *
 * @type {ReadonlyArray<{ name: string, key?: string, parts: string[], mistake: string, guide: string, defaults?: string, example?: string }>}
 */
const constructs = [
  { name: "workflow", parts: [], mistake: "tasks: {a: {uses: x.y}}", guide: "workflows.md" },
  {
    name: "task",
    key: "tasks",
    parts: ["task", "taskBudget"],
    mistake: "tasks: {a: {uses: x.y, neds: [b]}}",
    guide: "workflows.md",
  },
  {
    name: "needs",
    key: "needs",
    parts: ["need"],
    mistake: "tasks: {a: {uses: x.y, needs: [b]}}",
    guide: "workflows.md",
  },
  {
    name: "retry",
    key: "retry",
    parts: ["retry", "defaults"],
    mistake: "tasks: {a: {uses: x.y, retry: {attempts: 0}}}",
    defaults: "retries",
    guide: "workflows.md#failures-and-retries",
  },
  {
    name: "timeout",
    key: "timeout",
    parts: ["timeout"],
    mistake: "tasks: {a: {uses: x.y, timeout: {run: soon}}}",
    defaults: "timeouts-and-pauses",
    guide: "workflows.md#failures-and-retries",
  },
  {
    name: "compensate",
    key: "compensate",
    parts: ["compensate"],
    mistake: "tasks: {a: {uses: x.y, compensate: {with: {}}}}",
    guide: "workflows.md#compensating-completed-steps",
  },
  {
    name: "wait",
    key: "wait",
    parts: ["wait"],
    mistake: "tasks: {a: {wait: {for: 5m, signal: paid}}}",
    guide: "workflows.md#waiting",
  },
  {
    name: "approve",
    key: "approve",
    parts: ["approve"],
    mistake: "tasks: {a: {approve: {title: Pay?, needed: 0}}}",
    guide: "workflows.md#waiting",
  },
  {
    name: "loop",
    key: "loop",
    parts: ["loop"],
    mistake: "tasks: {a: {loop: {tasks: {b: {uses: x.y}}}}}",
    guide: "workflows.md#repeat-a-task-for-a-list",
  },
  {
    name: "spawn",
    key: "spawn",
    parts: ["spawn"],
    mistake: "tasks: {a: {spawn: {tasks: '${{ tasks.b.output }}'}}}",
    guide: "workflows.md#tasks-from-a-result",
  },
  {
    name: "gate",
    key: "gate",
    parts: ["gate", "check"],
    mistake: "tasks: {a: {gate: {}}}",
    guide: "compliance.md",
  },
  {
    name: "agent",
    key: "agent",
    parts: ["agent", "agentOutput", "agentBudget", "handoff", "agentGuard"],
    mistake: "tasks: {a: {agent: {instructions: Help}}}",
    guide: "ai-agents.md",
    example: `workflow: support
tasks:
  answer:
    agent:
      model: "anthropic:claude-sonnet-4-5"
      instructions: You answer questions about orders. Look them up first.
      prompt: "\${{ input.question }}"
      tools: [orders.find, orders.refund]
      approve: call.name == 'orders.refund' && call.input.amount > 50
      budget: {tokens: 20000, usd: 0.5, time: 5m}
      output: {schema: {type: object, required: [answer], properties: {answer: {type: string}}}}
`,
  },
  {
    name: "placement",
    key: "placement",
    parts: ["placement", "selector"],
    mistake: "tasks: {a: {uses: x.y, placement: {sameAgentAs: b}}}",
    guide: "workers.md#connection-settings",
  },
  {
    name: "cache",
    key: "cache",
    parts: ["cache"],
    mistake: "tasks: {a: {uses: x.y, cache: {key: a}}}",
    guide: "caching.md",
  },
  {
    name: "limits",
    key: "limits",
    parts: ["limit", "rate"],
    mistake: "limits: [{concurrency: 1}]\ntasks: {a: {uses: x.y}}",
    guide: "workflows.md#limits",
  },
  {
    name: "cost",
    key: "cost",
    parts: ["cost"],
    mistake: "tasks: {a: {uses: x.y, cost: {duration: long}}}",
    guide: "estimates.md",
  },
  {
    name: "input",
    key: "input",
    parts: ["input"],
    mistake: "input: {schema: {type: objekt}}\ntasks: {a: {uses: x.y}}",
    guide: "workflows.md",
  },
  {
    name: "parameters",
    key: "parameters",
    parts: ["parameters"],
    mistake: "parameters: {shema: {}}\ntasks: {a: {uses: x.y}}",
    guide: "workflows.md#templates-and-children",
  },
  {
    name: "signals",
    key: "signals",
    parts: ["signal"],
    mistake: "tasks: {a: {wait: {signal: paid}}}\nsignals: {payed: {}}",
    guide: "workflows.md#waiting",
  },
  {
    name: "queries-and-updates",
    key: "updates",
    parts: ["query", "update"],
    mistake: "updates: {add: {set: {count: 1}}}\ntasks: {a: {uses: x.y}}",
    guide: "workflows.md#states",
  },
  {
    name: "states",
    key: "states",
    parts: ["state", "transition"],
    mistake: "initial: open\nstates: {open: {on: {close: {to: closed}}}}",
    guide: "workflows.md#states",
  },
  {
    name: "on",
    key: "on",
    parts: ["on", "afterRun", "webhook", "debounce", "batch", "throttle"],
    mistake: "on: [{source: shop}]\ntasks: {a: {uses: x.y}}",
    guide: "triggers.md",
  },
  {
    name: "object",
    key: "object",
    parts: ["object"],
    mistake: "object: {reader: true}\ntasks: {a: {uses: x.y}}",
    guide: "functions.md#keyed-objects",
    example: `workflow: cart
input: {schema: {type: object, required: [customer], properties: {customer: {type: string}, item: {type: string}}}}
object: {key: "\${{ input.customer }}", call: add}
tasks:
  reserve: {uses: stock.reserve, with: {item: "\${{ input.item }}"}}
`,
  },
  {
    name: "continue-as-new",
    key: "continueAsNew",
    parts: ["continueAsNew"],
    mistake: "continueAsNew: {wen: 1}\ntasks: {a: {uses: x.y}}",
    guide: "workflows.md",
  },
];

const exampleLinesMax = 80;

/**
 * Returns the pages by name.
 *
 * @param {string} root
 * @param {any} schema
 * @param {ReadonlySet<string>} errorCodes
 * @returns {Array<[string, string]>}
 */
export function languagePages(root, schema, errorCodes) {
  const examples = readExamples(root);
  const pages = constructs.map((construct) => [
    `language/${construct.name}.md`,
    constructPage(construct, schema, examples, errorCodes),
  ]);
  return /** @type {any} */ ([["language/README.md", indexPage(schema)], ...pages]);
}

/** @param {any} schema */
function indexPage(schema) {
  const rows = constructs.map(({ name, key, parts }) => {
    const meaning = parts.length === 0 ? schema.description : meaningOf(schema, key ?? name, parts[0] ?? "");
    return `| [${name}](${name}.md) | ${meaning} |`;
  });
  return [
    "# The workflow language",
    "",
    "A page for each construct: its keys, an example that a test checks, and the messages of the check.",
    "[The guide](../../guides/workflows.md) explains how they work together. Editors complete and check a file with",
    "[the JSON Schema](../workflow.schema.json).",
    "",
    "| construct | meaning |",
    "|---|---|",
    ...rows,
    "",
    "A value in `${{ … }}` is an [expression](../expressions.md). Most values may be one.",
    "",
  ].join("\n");
}

/**
 * @param {typeof constructs[number]} construct
 * @param {any} schema
 * @param {ReturnType<typeof readExamples>} examples
 * @param {ReadonlySet<string>} errorCodes
 */
function constructPage(construct, schema, examples, errorCodes) {
  const { name, key, parts, mistake, guide, defaults } = construct;
  const shown = parts.length === 0 ? [["", schema]] : parts.map((part) => [part, schema.$defs[part]]);
  const tables = shown.flatMap(([part, shape], at) => [
    ...(at === 0 ? [] : ["", `## ${part}`, ""]),
    ...(at === 0 || !shape.description ? [] : [cell(shape.description), ""]),
    ...tableOf(shape),
  ]);
  const using = examples.filter(({ keys }) => key === undefined || keys.has(key));
  const example = exampleOf(construct, using);
  const links = using
    .slice(0, 8)
    .map(({ folder }) => `[${folder}](../../../examples/workflows/${folder}/workflow.yaml)`);
  const meaning = parts.length === 0 ? schema.description : meaningOf(schema, key ?? name, parts[0] ?? "");
  const codes = codesIn(
    shown.map(([, shape]) => shape),
    errorCodes,
  );
  return [
    `# ${name}`,
    "",
    `${meaning} [Guide](../../guides/${guide})`,
    "",
    "## Keys",
    "",
    ...tables,
    "",
    ...(defaults === undefined ? [] : [`Defaults: [${defaults}](../defaults.md#${defaults}).`, ""]),
    ...["## Example", "", "```yaml kind=workflow", example.trimEnd(), "```", ""],
    ...(links.length === 0 ? [] : [`A test runs it. Used by: ${links.join(", ")}.`, ""]),
    "## Errors",
    "",
    ...mistakeOf(mistake, parts.length === 0),
    ...(codes.length === 0 ? [] : ["", `While a run is in progress: ${codes.join(", ")}.`]),
    "",
  ].join("\n");
}

/**
 * Returns the smallest example with the construct.
 *
 * @param {typeof constructs[number]} construct
 * @param {ReturnType<typeof readExamples>} using
 */
function exampleOf({ name, example }, using) {
  const [smallest] = using;
  const text = example ?? smallest?.text;
  if (text === undefined || text.split("\n").length > exampleLinesMax)
    throw new Error(`expected an example of ${name} with at most ${exampleLinesMax} lines`);
  const { problems } = checkText({ format: "yaml", text, fileName: "example.yaml" });
  if (problems.length > 0) throw new Error(`${name}: ${problems.map(formatWithoutPlace).join(", ")}`);
  return text;
}

/** @param {string} mistake @param {boolean} isNameless */
function mistakeOf(mistake, isNameless) {
  const text = `${isNameless ? "" : "workflow: example\n"}${mistake}\n`;
  const { problems } = checkText({ format: "yaml", text, fileName: "example.yaml" });
  if (problems.length === 0) throw new Error(`expected a mistake in ${JSON.stringify(text)}`);
  return [
    "The check names the place, the mistake, and what is expected. This definition",
    "",
    "```text",
    text.trimEnd(),
    "```",
    "",
    "gives:",
    "",
    "```text",
    ...problems.slice(0, 3).map((problem) => formatWithoutPlace(problem)),
    "```",
  ];
}

/** @param {any} schema @param {string} key @param {string} part */
function meaningOf(schema, key, part) {
  const own = schema.$defs[part]?.description;
  const places = [schema.$defs.task.properties[key], schema.properties[key]];
  return cell(own ?? places.find((place) => place?.description)?.description ?? "");
}

/** Returns whether a part of a schema has a page of the workflow language. @param {string} part */
export function isConstruct(part) {
  return constructs.some(({ parts }) => parts.includes(part));
}

/** @typedef {(part: string, page: string | undefined) => string} Link link to a part of the schema, which may have a page */

/** @param {any} shape @param {Link} [link] */
export function tableOf(shape, link = linkOfPage) {
  const required = new Set(shape.required ?? []);
  const rows = Object.entries(shape.properties ?? {}).map(
    ([key, value]) =>
      `| \`${key}\`${required.has(key) ? ", required" : ""} | ${typeOf(value, link)} | ${cell(value.description ?? "")} |`,
  );
  return ["| key | value | meaning |", "|---|---|---|", ...rows];
}

/** @param {any} value @param {Link} link @returns {string} */
function typeOf(value, link) {
  if (value.enum) return value.enum.map((/** @type {unknown} */ one) => `\`${one}\``).join(", ");
  if (value.const !== undefined) return `\`${value.const}\``;
  if (value.$ref) return linkOf(value.$ref.split("/").at(-1), link);
  const kinds = value.anyOf ?? value.oneOf;
  if (kinds) {
    const plain = kinds.filter((/** @type {any} */ one) => !isExpression(one));
    return (
      [...new Set(plain.map((/** @type {any} */ one) => typeOf(one, link)))].join(" or ") || "expression"
    );
  }
  if (value.type === "array") return `list of ${typeOf(value.items ?? {}, link)}`;
  if (value.type === "object" && value.additionalProperties?.$ref)
    return `map of ${linkOf(value.additionalProperties.$ref.split("/").at(-1), link)}`;
  if (value.pattern?.includes("ms|s|m|h|d|w")) return "duration";
  const { minimum, maximum } = value;
  const isOpen = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;
  const range =
    minimum === undefined
      ? ""
      : isOpen
        ? `, ${minimum} or more`
        : `, ${minimum} to ${maximum.toLocaleString("en")}`;
  return `${[value.type ?? "any"].flat().join(" or ")}${range}`;
}

/** @param {any} value */
function isExpression(value) {
  return typeof value.pattern === "string" && value.pattern.includes("\\{\\{");
}

/** @param {string} part @param {Link} link */
function linkOf(part, link) {
  return link(part, constructs.find(({ parts }) => parts.includes(part))?.name);
}

/** @type {Link} */
function linkOfPage(part, page) {
  return page === undefined ? part : `[${part}](${page}.md)`;
}

/** @param {any[]} shapes @param {ReadonlySet<string>} known */
function codesIn(shapes, known) {
  const found = JSON.stringify(shapes).match(/`[a-z]+\.[a-z_]+`/g) ?? [];
  return [...new Set(found)]
    .map((code) => code.slice(1, -1))
    .filter((code) => known.has(code))
    .map((code) => `[\`${code}\`](../errors.md#${code.replace(".", "")})`);
}

/** @param {string} text */
export function cell(text) {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ").trim();
}

/** Returns the definitions of the examples, smallest first, with the keys that they use. @param {string} root */
function readExamples(root) {
  return globSync("examples/workflows/*/workflow.yaml", { cwd: root })
    .map((file) => {
      const text = readFileSync(join(root, file), "utf8");
      return {
        folder: file.split("/")[2] ?? "",
        text,
        lines: text.split("\n").length,
        keys: keysIn(parse(text)),
      };
    })
    .sort((a, b) => a.lines - b.lines || (a.folder < b.folder ? -1 : 1));
}

/** @param {unknown} value @param {Set<string>} [found] */
function keysIn(value, found = new Set()) {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) found.add(key);
    keysIn(inner, found);
  }
  return found;
}
