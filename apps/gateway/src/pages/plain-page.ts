/** A page in plain HTML, for what has to be said where the page itself cannot say it. Nothing in it is run. */
export interface PlainPage {
  readonly title: string;
  /** In paragraphs. */
  readonly text: readonly string[];
  /** Commands to type. */
  readonly commands?: readonly string[];
}

export function plainPage({ title, text, commands = [] }: PlainPage): string {
  const paragraphs = text.map((paragraph) => `<p>${escaped(paragraph)}</p>`);
  const typed = commands.length === 0 ? "" : `<pre>${commands.map(escaped).join("\n")}</pre>`;
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(title)} · Tutti</title></head>`,
    `<body><main><h1>${escaped(title)}</h1>${paragraphs.join("")}${typed}</main></body></html>`,
    "",
  ].join("\n");
}

const marks: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}

export const unbuilt: PlainPage = {
  title: "The page has not been built",
  text: [
    "Tutti runs, and its page is not here: it is built once, when everything is set up.",
    "Build it, then load this page again. Commands and REST work without it.",
  ],
  commands: ["npx nx build @tutti/dashboard", "npx tutti status", "curl http://127.0.0.1:7400/v1/status"],
};
