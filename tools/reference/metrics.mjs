// The page of metrics. They are read from the sources and not from a running process. Many are declared on first use,
// such as those of a connection to NATS.
//
// A declaration is a call of `counter`, `gauge` or `histogram` with an object that has a name and a help, or with a
// constant of such an object. If name or help are parameters of the enclosing function, every call of that function in
// the file is a declaration.
import { parseSync, Visitor } from "oxc-parser";

const kinds = new Map([
  ["counter", "counter"],
  ["observeCounter", "counter"],
  ["gauge", "gauge"],
  ["histogram", "histogram"],
]);

const readable = new Set([
  "Literal",
  "TemplateLiteral",
  "BinaryExpression",
  "Identifier",
  "ObjectExpression",
  "ArrayExpression",
  "TSAsExpression",
]);

/** @returns {{ name: string, kind: string, labels: string[], help: string }[]} by name */
export function declaredMetrics(files) {
  const metrics = new Map();
  for (const { path, file, text } of files) {
    if (!/\.(counter|gauge|histogram|observeCounter)\b/.test(text)) continue;
    for (const metric of metricsOf(path, parseSync(file, text).program)) {
      const { path: other, ...known } = metrics.get(metric.name) ?? { ...metric, path };
      if (JSON.stringify(known) !== JSON.stringify(metric))
        throw new Error(
          `${path}: the metric ${metric.name} has another declaration in ${other}, which fails at run time. Rename one`,
        );
      metrics.set(metric.name, { ...metric, path });
    }
  }
  return [...metrics.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

export function metricsPage(metrics) {
  const lines = [
    "# Metrics",
    "",
    "The metrics of `/metrics`, in the text format of Prometheus or as OpenMetrics, as requested. A metric appears",
    "with its first sample: metrics of NATS appear only in a process that is connected to NATS. Names end with their unit.",
    "Counters end with `_total`. Labels have few values, and never contain ids, paths or texts of users.",
  ];
  let area = "";
  for (const { name, kind, labels, help } of metrics) {
    const areaOfName = name.startsWith("tutti_") ? name.split("_")[1] : "process";
    if (areaOfName !== area)
      lines.push("", `## ${areaOfName}`, "", "| metric | kind | labels | meaning |", "|---|---|---|---|");
    area = areaOfName;
    const names = labels.map((label) => `\`${label}\``).join(", ");
    lines.push(`| \`${name}\` | ${kind} | ${names} | ${help.replaceAll("|", "\\|")} |`);
  }
  return `${lines.join("\n")}\n`;
}

function metricsOf(path, program) {
  const file = readFile(program);
  const metrics = [];
  for (const { kind, description, around } of file.declarations) {
    const property = (key) => description.properties.find((one) => one.key?.name === key)?.value;
    const labelsNode = property("labels");
    const take = (names) => {
      const name = textOf(property("name"), names);
      const help = textOf(property("help"), names);
      if (name === undefined || help === undefined) return false;
      metrics.push({ name, kind, help, labels: labelsNode === undefined ? [] : listOf(labelsNode, names) });
      return true;
    };
    if (take(file.constants)) continue;
    const calls = around === undefined ? [] : (file.calls.get(around.name) ?? []);
    const bound = calls.filter((given) =>
      take(new Map([...file.constants, ...around.parameters.map((name, i) => [name, given[i]])])),
    );
    if (bound.length === 0)
      throw new Error(`${path}: a metric's name or help cannot be read from the source. Write them out`);
  }
  return metrics;
}

/** Reads the constants, the declarations of metrics, and the arguments of every call by the name of the function. */
function readFile(program) {
  const constants = new Map();
  const calls = new Map();
  const found = [];
  const functions = [];
  const named = (name, { start, end, params }) =>
    functions.push({
      name,
      start,
      end,
      parameters: params.map((one) => one.name ?? one.pattern?.name ?? ""),
    });
  new Visitor({
    VariableDeclarator({ id, init }) {
      if (id.type !== "Identifier" || init === null) return;
      if (readable.has(init.type)) constants.set(id.name, init);
      if (init.type === "ArrowFunctionExpression") named(id.name, init);
    },
    FunctionDeclaration: (node) => named(node.id?.name ?? "", node),
    MethodDefinition: ({ key, value }) => named(key.name, value),
    CallExpression({ callee, arguments: given, start }) {
      const name = callee.property?.name ?? callee.name;
      calls.set(name, [...(calls.get(name) ?? []), given]);
      const isOwn = callee.property?.type === "PrivateIdentifier";
      if (callee.type === "MemberExpression" && !isOwn && kinds.has(name)) found.push({ name, given, start });
    },
  }).visit(program);
  const declarations = found.flatMap(({ name, given: [argument], start }) => {
    const description = argument?.type === "Identifier" ? constants.get(argument.name) : argument;
    if (description?.type !== "ObjectExpression") return [];
    const around = functions.filter((one) => one.start < start && start < one.end).at(-1);
    return [{ kind: kinds.get(name), description, around }];
  });
  return { constants, calls, declarations };
}

/** Returns the text of an expression. Undefined if it is not known here. */
function textOf(node, names) {
  switch (node?.type) {
    case "Literal":
      return String(node.value);
    case "Identifier":
      return names.get(node.name) === node
        ? undefined
        : textOf(names.get(node.name), without(names, node.name));
    case "BinaryExpression": {
      const [left, right] = [textOf(node.left, names), textOf(node.right, names)];
      return left === undefined || right === undefined ? undefined : left + right;
    }
    case "TemplateLiteral": {
      const values = node.expressions.map((each) => textOf(each, names));
      if (values.includes(undefined)) return undefined;
      return node.quasis.map((quasi, i) => quasi.value.cooked + (values[i] ?? "")).join("");
    }
    default:
      return undefined;
  }
}

function listOf(node, names) {
  if (node.type === "TSAsExpression") return listOf(node.expression, names);
  if (node.type === "Identifier" && names.has(node.name)) return listOf(names.get(node.name), names);
  return (node.elements ?? []).map((each) => textOf(each, names) ?? "");
}

/** Returns the names without one, so that a name with a reference to itself ends. */
function without(names, name) {
  const others = new Map(names);
  others.delete(name);
  return others;
}
