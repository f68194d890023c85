// @ts-check

// The reference of the TypeScript SDK: the exports of each entry of the package, from its declarations. These are the
// declarations of the built package, so a page has exactly what an editor shows.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { parseSync } from "oxc-parser";
import { writeDeclarations } from "../package/declarations.mjs";
import { inMarkdown } from "./comments.mjs";

/**
 * @typedef {{ title: string, about: string, entry: string, from: string, folders?: RegExp, guide: string }} PagePlan
 * `folders`: selects the declarations, if an entry has several pages
 * @typedef {{ name: string, file: string, declared: string }} Exported
 * @typedef {{ kind: "function" | "class" | "value" | "type", comment: string, text: string }} Declaration
 */

/** @type {Readonly<Record<string, PagePlan>>} */
const pages = {
  worker: {
    title: "Workers",
    about: "Workers handle tasks.",
    entry: "index.ts",
    from: "@tutti/sdk",
    folders: /^sdk\/(worker|task|link|errors)/,
    guide: "workers.md",
  },
  client: {
    title: "Client",
    about: "A client starts and steers runs.",
    entry: "index.ts",
    from: "@tutti/sdk",
    folders: /^sdk\/client/,
    guide: "client.md",
  },
  definitions: {
    title: "Definitions",
    about: "Workflows as code.",
    entry: "index.ts",
    from: "@tutti/sdk",
    folders: /^definitions/,
    guide: "workflows.md",
  },
  functions: {
    title: "Durable functions",
    about: "Code that continues after a crash.",
    entry: "index.ts",
    from: "@tutti/sdk",
    folders: /^sdk\/functions/,
    guide: "functions.md",
  },
  orchestrators: {
    title: "Orchestrators",
    about: "A class that steers sessions.",
    entry: "index.ts",
    from: "@tutti/sdk",
    folders: /^sdk\/orchestrator/,
    guide: "sessions.md",
  },
  testing: {
    title: "Testing kit",
    about: "Runs in a test, in virtual time.",
    entry: "index.ts",
    from: "@tutti/sdk",
    folders: /^sdk\/testing/,
    guide: "testing-workflows.md",
  },
  agents: {
    title: "AI agents",
    about: "A worker that runs agents.",
    entry: "agents/index.ts",
    from: "@tutti/sdk/agents",
    guide: "ai-agents.md",
  },
  coding: {
    title: "Coding agents",
    about: "Coding CLIs as tasks.",
    entry: "coding/index.ts",
    from: "@tutti/sdk/coding",
    guide: "coding-agents.md",
  },
  shell: {
    title: "Shell and containers",
    about: "Commands as tasks.",
    entry: "shell/index.ts",
    from: "@tutti/sdk/shell",
    guide: "workers.md",
  },
  mcp: {
    title: "MCP",
    about: "Tools of MCP servers as capabilities.",
    entry: "mcp/index.ts",
    from: "@tutti/sdk/mcp",
    guide: "mcp.md",
  },
  a2a: {
    title: "A2A",
    about: "Agents of other systems as capabilities.",
    entry: "a2a/index.ts",
    from: "@tutti/sdk/a2a",
    guide: "a2a.md",
  },
  adapters: {
    title: "Adapters",
    about: "Other systems as capabilities.",
    entry: "adapters/index.ts",
    from: "@tutti/sdk/adapters",
    guide: "adapters.md",
  },
  embedding: {
    title: "Embedding",
    about: "Tutti within an existing application.",
    entry: "embed/index.ts",
    from: "@tutti/sdk/embed",
    guide: "embedding.md",
  },
};

const headings = { function: "Functions", class: "Classes", value: "Values", type: "Types" };

/** @param {string} root @returns {readonly (readonly [string, string])[]} the pages by name */
export function typescriptPages(root) {
  const out = mkdtempSync(join(tmpdir(), "tutti-typescript-"));
  try {
    const entries = Object.fromEntries(
      Object.values(pages).map(({ entry }) => [entry, join(root, "libs", "sdk", "src", entry)]),
    );
    const files = writeDeclarations(entries, out, ["ws"]);
    const read = new Declared(out);
    /** @type {Map<string, Exported[]>} */
    const left = new Map(
      Object.values(pages).map(({ entry }) => [entry, read.exportsOf(files[entry] ?? "")]),
    );
    const made = Object.entries(pages).map(([name, plan]) => {
      const all = left.get(plan.entry) ?? [];
      const own = all.filter(({ file }) => plan.folders?.test(file) ?? true);
      left.set(
        plan.entry,
        all.filter((one) => !own.includes(one)),
      );
      return /** @type {const} */ ([`typescript/${name}.md`, pageOf(plan, own, read)]);
    });
    const homeless = [...left.values()].flat();
    if (homeless.length > 0)
      throw new Error(
        `no page of tools/reference/typescript.mjs has ${homeless.map(({ name, file }) => `${name} (${file})`).join(", ")}`,
      );
    return [["typescript/README.md", indexOf()], ...made];
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function indexOf() {
  return [
    "# TypeScript API",
    "",
    "What `@tutti/sdk` exports. `@tutti/sdk/worker`, `/client`, `/workflow` and `/testing` export parts of `@tutti/sdk`, for programs",
    "that need less memory.",
    "",
    "| page | imported from | |",
    "|---|---|---|",
    ...Object.entries(pages).map(
      ([name, { title, from, about }]) => `| [${title}](${name}.md) | \`${from}\` | ${about} |`,
    ),
    "",
  ].join("\n");
}

/** @param {PagePlan} plan @param {readonly Exported[]} exported @param {Declared} read */
function pageOf({ title, about, from, guide }, exported, read) {
  const lines = [
    `# ${title}`,
    "",
    `${about} Imported from \`${from}\`. See [the guide](../../guides/${guide}).`,
  ];
  const declared = exported.map((one) => ({ ...one, ...read.declarationOf(one) }));
  for (const [kind, heading] of Object.entries(headings)) {
    const some = declared.filter((one) => one.kind === kind);
    if (some.length === 0) continue;
    lines.push("", `## ${heading}`);
    for (const { name, comment, text } of some) {
      lines.push("", `### \`${name}\``, "");
      if (comment !== "") lines.push(inMarkdown(comment), "");
      lines.push("```ts kind=declaration", text, "```");
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Declarations in a folder, by the names that their files export. */
class Declared {
  #out;
  /** @type {Map<string, { text: string, body: any[], comments: any[] }>} */
  #files = new Map();

  /** @param {string} out */
  constructor(out) {
    this.#out = out;
  }

  /** @param {string} file */
  #read(file) {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const text = readFileSync(join(this.#out, file), "utf8").replaceAll("\t", "    ");
    const { program, comments } = parseSync(file, text);
    const parsed = { text, body: program.body, comments };
    this.#files.set(file, parsed);
    return parsed;
  }

  /** Returns the exports of a file, each with the file that declares it. @param {string} file @returns {Exported[]} */
  exportsOf(file) {
    return this.#read(file).body.flatMap((statement) => {
      if (statement.type === "ExportNamedDeclaration" && statement.source) {
        const from = normalize(join(dirname(file), statement.source.value.replace(/\.js$/, ".d.ts")));
        return statement.specifiers.map((/** @type {any} */ { exported, local }) => ({
          ...this.#found(from, local.name),
          name: exported.name,
        }));
      }
      const name = nameOf(statement);
      return name === undefined ? [] : [{ name, file, declared: name }];
    });
  }

  /** @param {string} file @param {string} name @returns {Exported} */
  #found(file, name) {
    const found = this.exportsOf(file).find((one) => one.name === name);
    if (found === undefined) throw new Error(`${file} exports no ${name}`);
    return found;
  }

  /** Returns a declaration, including all overloads of a function. @param {Exported} exported @returns {Declaration} */
  declarationOf({ file, declared, name }) {
    const { text, body, comments } = this.#read(file);
    const statements = body.filter((statement) => nameOf(statement) === declared);
    const [first] = statements;
    const before = comments.filter(
      ({ end }) => end <= first.start && text.slice(end, first.start).trim() === "",
    );
    const printed = statements.map(({ start, end }) => text.slice(start, end)).join("\n");
    return {
      kind: kindOf(first.declaration),
      comment: textOf(before.at(-1)?.value ?? ""),
      text: printed
        .replace(/^export (declare )?/gm, "")
        .replace(/^ +(#private|private .*);\n/gm, "")
        .replace(/import\("[^"]+"\)\./g, "")
        .replaceAll("    ", "  ")
        .replace(new RegExp(`\\b${declared}\\b`), name),
    };
  }
}

/** @param {any} statement @returns {string | undefined} */
function nameOf(statement) {
  if (statement.type !== "ExportNamedDeclaration" || !statement.declaration) return undefined;
  const { declaration } = statement;
  return (declaration.id ?? declaration.declarations?.[0]?.id)?.name;
}

/** @param {any} declaration @returns {Declaration["kind"]} */
function kindOf({ type }) {
  if (/Function/.test(type)) return "function";
  if (type === "ClassDeclaration") return "class";
  return type === "VariableDeclaration" ? "value" : "type";
}

/** @param {string} comment */
function textOf(comment) {
  return comment
    .replace(/^\*/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .join("\n")
    .trim();
}
