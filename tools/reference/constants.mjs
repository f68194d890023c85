// Constants of the sources with their values and comments, read without running the sources.
//
// The list has constants of files named `limits.ts` and `bounds.ts`, constants with `default` in their name, and
// constants with the tag `@defaults` in their comment. A tagged constant whose value cannot be read is an error.
import { parseSync } from "oxc-parser";

/**
 * @typedef {object} Constant
 * @property {string} name `linkLimits.frameBytesMax` for a member of an object
 * @property {unknown} value
 * @property {string} help its comment, empty if it has none
 * @property {string} path of its file
 */

const named = /^default[A-Z]|Defaults?(Ms|Max)?$|ByDefault(Ms)?$/;
const bounds = /\/(limits|bounds)\.ts$/;
const tag = /@defaults\b/;

/** @returns {Constant[]} in the order of the files */
export function declaredConstants(files) {
  return files
    .filter(
      ({ path, text }) => !path.includes("/conformance/") && (bounds.test(path) || /[dD]efault/.test(text)),
    )
    .flatMap((file) => constantsOf(file));
}

/** @returns {{ text: string, path: string }[]} the paragraphs after the tag `@guarantee`, in the order of the files */
export function declaredGuarantees(files) {
  return files
    .filter(({ text }) => text.includes("@guarantee"))
    .flatMap(({ path, file, text }) =>
      parseSync(file, text).comments.flatMap(({ value }) =>
        [...plain(value).matchAll(/@guarantee ([^@]+)/g)].map(([, words]) => ({
          text: words.replaceAll(/\s+/g, " ").trim(),
          path,
        })),
      ),
    );
}

function constantsOf({ path, file, text }) {
  const { program, comments } = parseSync(file, text);
  const source = sourceOf(program, comments, text);
  return source.declarations.flatMap(({ name, init, annotation, start, exported }) => {
    const comment = source.commentBefore(start);
    const tagged = tag.test(comment);
    if (!tagged && !named.test(name) && !(exported && bounds.test(path))) return [];
    const value = literalOf(init, source);
    if (value === undefined && tagged)
      throw new Error(
        `${path}: the value of ${name} cannot be read: write literals or constants of the file`,
      );
    if (value === undefined) return [];
    const help = plain(comment).replace(tag, "").trim();
    return rowsOf({ name, value, help, path }, membersHelp(init, annotation, source));
  });
}

function sourceOf(program, comments, text) {
  const declarations = program.body.flatMap((statement) => {
    const exported = statement.type === "ExportNamedDeclaration";
    const declaration = exported ? statement.declaration : statement;
    if (declaration?.type !== "VariableDeclaration" || declaration.kind !== "const") return [];
    return declaration.declarations
      .filter(({ id, init }) => id.type === "Identifier" && init !== null)
      .map(({ id, init }) => ({
        name: id.name,
        init,
        annotation: id.typeAnnotation?.typeAnnotation.typeName?.name,
        start: statement.start,
        exported,
      }));
  });
  const commentBefore = (start) =>
    comments.find(
      ({ type, value, end }) =>
        type === "Block" && value.startsWith("*") && end <= start && text.slice(end, start).trim() === "",
    )?.value ?? "";
  return { program, declarations, commentBefore };
}

/** Returns the comments of the members of an object. Default: those of its interface in the same file. */
function membersHelp(init, annotation, source) {
  const object = unwrapped(init);
  const type = source.program.body
    .map((statement) => statement.declaration ?? statement)
    .find((one) => one.type === "TSInterfaceDeclaration" && one.id.name === annotation);
  const members = [
    ...(type?.body.body ?? []),
    ...(object?.type === "ObjectExpression" ? object.properties : []),
  ].map(({ key, start }) => [key?.name, plain(source.commentBefore(start))]);
  return new Map(members.filter(([name, help]) => name !== undefined && help !== ""));
}

function rowsOf(constant, helps) {
  const { name, value, path } = constant;
  if (typeof value !== "object" || Array.isArray(value)) return [constant];
  return Object.entries(value).map(([member, own]) => ({
    name: `${name}.${member}`,
    value: own,
    help: helps.get(member) ?? "",
    path,
  }));
}

/** Returns the value of an expression of literals and constants of the same file. Undefined for others. */
function literalOf(node, source) {
  const it = unwrapped(node);
  switch (it?.type) {
    case "Literal":
      return it.value ?? undefined;
    case "Identifier":
      return literalOf(source.declarations.find(({ name }) => name === it.name)?.init, source);
    case "UnaryExpression": {
      const value = literalOf(it.argument, source);
      return it.operator === "-" && typeof value === "number" ? -value : undefined;
    }
    case "BinaryExpression":
      return calculated(it.operator, literalOf(it.left, source), literalOf(it.right, source));
    case "ArrayExpression":
      return listed(it.elements.map((element) => literalOf(element, source)));
    case "ObjectExpression":
      return membersOf(it, source);
    default:
      return undefined;
  }
}

function unwrapped(node) {
  if (node?.type === "TSAsExpression" || node?.type === "TSSatisfiesExpression")
    return unwrapped(node.expression);
  const isFrozen = node?.type === "CallExpression" && node.callee.property?.name === "freeze";
  return isFrozen ? unwrapped(node.arguments[0]) : node;
}

const operations = new Map([
  ["+", (one, other) => one + other],
  ["-", (one, other) => one - other],
  ["*", (one, other) => one * other],
  ["/", (one, other) => one / other],
  ["**", (one, other) => one ** other],
]);

function calculated(operator, left, right) {
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  return operations.get(operator)?.(left, right);
}

const listed = (values) => (values.includes(undefined) ? undefined : values);

function membersOf({ properties }, source) {
  const members = properties.map(({ key, value }) => [key?.name, value && literalOf(value, source)]);
  return members.some(([name, value]) => name === undefined || value === undefined)
    ? undefined
    : Object.fromEntries(members);
}

function plain(comment) {
  return comment
    .replace(/^\*/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .join("\n")
    .trim();
}
