// The parts of the pages of REST: a JSON Schema as a table, its type as text, an example as JSON.
import { inMarkdown } from "./comments.mjs";

const lineMax = 110;
const timeMin = -62_135_596_800_000;

/** @typedef {(name: string) => string} Link link to a named type */

/** @param {any} shape @param {Link} link @param {string} heading @returns {string[]} */
export function tableOf({ properties = {}, required = [] }, link, heading) {
  const rows = Object.entries(properties).map(([name, shape]) => {
    const { description = "" } = shape;
    return `| \`${name}\`${required.includes(name) ? ", required" : ""} | ${typeText(shape, link)} | ${cell(description)} |`;
  });
  if (rows.length === 0) return ["No fields."];
  return [`| ${heading} | type | meaning |`, "|---|---|---|", ...rows];
}

/** @param {string} text */
function cell(text) {
  return inMarkdown(text).replace(/\s+/g, " ").replaceAll("|", "\\|").trim();
}

/** @param {any} shape @param {Link} link @returns {string} */
export function typeText(shape, link) {
  if (shape.$ref !== undefined) return link(shape.$ref.split("/").at(-1));
  if (shape.anyOf !== undefined)
    return [...new Set(shape.anyOf.map((/** @type {any} */ one) => typeText(one, link)))].join(" or ");
  if (shape.enum !== undefined)
    return shape.enum
      .filter((/** @type {string} */ word) => word !== "unspecified")
      .map((/** @type {string} */ word) => `\`${word}\``)
      .join(", ");
  switch (shape.type) {
    case "array":
      return `list${shape.items === undefined ? "" : ` of ${typeText(shape.items, link)}`}${most(shape.maxItems)}`;
    case "object":
      return objectText(shape, link);
    case "string":
      return `${shape.contentEncoding === "base64" ? "string in Base64" : "string"}${most(shape.maxLength)}`;
    case "number":
    case "integer":
      return numberText(shape);
    default:
      return shape.type ?? "any JSON";
  }
}

/** @param {any} shape @param {Link} link */
function objectText({ properties, additionalProperties, maxProperties }, link) {
  if (typeof additionalProperties === "object")
    return `map of ${typeText(additionalProperties, link)}${most(maxProperties)}`;
  if (properties === undefined) return "object";
  const fields = Object.entries(properties).map(([name, shape]) => `\`${name}\` (${typeText(shape, link)})`);
  return `object with ${fields.join(", ")}`;
}

/** @param {any} shape */
function numberText({ type, minimum, maximum }) {
  if (minimum === timeMin) return "time";
  const isOpen = maximum === undefined || maximum >= 2 ** 32 - 1;
  if (minimum === undefined) return type;
  return `${type}, ${number(minimum)} ${isOpen ? "or more" : `to ${number(maximum)}`}`;
}

/** @param {number | undefined} count */
const most = (count) => (count === undefined ? "" : `, at most ${number(count)}`);

/** @param {number} value */
const number = (value) => value.toLocaleString("en");

/**
 * Returns JSON with one line for each object and list that fits into a line.
 *
 * @param {any} value
 * @param {string} [indent]
 * @returns {string}
 */
export function exampleText(value, indent = "") {
  const line = inline(value);
  if (typeof value !== "object" || value === null || indent.length + line.length <= lineMax) return line;
  const inner = `${indent}  `;
  const entries = Array.isArray(value)
    ? value.map((one) => `${inner}${exampleText(one, inner)}`)
    : Object.entries(value).map(([key, one]) => `${inner}${JSON.stringify(key)}: ${exampleText(one, inner)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${open}\n${entries.join(",\n")}\n${indent}${close}`;
}

/** @param {any} value @returns {string} */
function inline(value) {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${inline(one)}`);
  return `{${entries.join(", ")}}`;
}
