/** Highlights code: comments, strings, numbers, keys and keywords. The rest is plain text. */

type Part = "comment" | "string" | "number" | "keyword" | "key" | "prompt";

const strings = String.raw`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`;
const number = String.raw`\b\d[\d_.]*(?:ms|s|m|h|d)?\b`;
const javascript =
  "async|await|break|case|catch|class|const|continue|default|delete|else|export|extends|finally|for|from|function|if|import|in|instanceof|interface|let|new|of|private|readonly|return|static|switch|this|throw|try|type|typeof|undefined|null|true|false|using|void|while|yield";
const python =
  "and|as|async|await|break|class|continue|def|elif|else|except|False|finally|for|from|if|import|in|is|lambda|None|not|or|pass|raise|return|True|try|while|with|yield";

const rules: Readonly<Record<string, readonly (readonly [Part, string])[]>> = {
  ts: [
    ["comment", String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`],
    ["string", `${strings}|\`(?:[^\`\\\\]|\\\\.)*\``],
    ["keyword", `\\b(?:${javascript})\\b`],
    ["number", number],
  ],
  python: [
    ["comment", "#[^\\n]*"],
    ["string", `"""[\\s\\S]*?"""|${strings}`],
    ["keyword", `\\b(?:${python})\\b`],
    ["number", number],
  ],
  yaml: [
    ["comment", "(?<=^|\\s)#[^\\n]*"],
    ["string", strings],
    ["key", String.raw`(?<=^|[\s{,\-])[\w.$/-]+(?=:(?:\s|$))`],
    ["number", number],
  ],
  json: [
    ["key", String.raw`"(?:[^"\\\n]|\\.)*"(?=\s*:)`],
    ["string", strings],
    ["keyword", "\\b(?:true|false|null)\\b"],
    ["number", number],
  ],
  sh: [
    ["comment", "(?<=^|\\s)#[^\\n]*"],
    ["string", strings],
    ["key", "(?<=^|\\n)\\s*[\\w./-]+"],
    ["keyword", "(?<=\\s)--?[\\w][\\w.-]*"],
  ],
};

const aliases: Readonly<Record<string, string>> = {
  js: "ts",
  mjs: "ts",
  tsx: "ts",
  typescript: "ts",
  proto: "ts",
  py: "python",
  yml: "yaml",
  toml: "yaml",
  bash: "sh",
};

const compiled = new Map(
  Object.entries(rules).map(([name, parts]) => [
    name,
    new RegExp(parts.map(([part, pattern]) => `(?<${part}>${pattern})`).join("|"), "gm"),
  ]),
);

/** Returns the text as HTML. */
export function highlighted(text: string, language: string): string {
  const pattern = compiled.get(aliases[language] ?? language);
  if (pattern === undefined) return escaped(text);
  let html = "";
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    const part = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0];
    html += `${escaped(text.slice(at, match.index))}<span class="${part}">${escaped(match[0])}</span>`;
    at = match.index + match[0].length;
  }
  return html + escaped(text.slice(at));
}

const marks: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}
