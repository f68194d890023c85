/** Templates as the page shows them, from the files of the examples. Their names are those of `tutti template`. */

export const templateKinds = ["workflows", "agents", "missions", "sessions"] as const;
export type TemplateKind = (typeof templateKinds)[number];

export interface Template {
  /** `order`, `missions/vote` */
  readonly name: string;
  readonly kind: TemplateKind;
  readonly about: string;
  /** The texts that publishing registers, the started one last. None for a program. */
  readonly definitions: readonly string[];
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

/** @param sources texts of files by path: `…/examples/missions/vote/play.ts` */
export function templatesOf(sources: Readonly<Record<string, string>>): readonly Template[] {
  const files = new Map<string, { name: string; text: string }[]>();
  for (const [path, text] of Object.entries(sources)) {
    const [kind, template, name = ""] = path.split("/").slice(-3);
    const key = `${kind}/${template}`;
    files.set(key, [...(files.get(key) ?? []), { name, text }]);
  }
  return templateKinds.flatMap((kind) =>
    [...files]
      .filter(([key]) => key.startsWith(`${kind}/`))
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([key, own]) => templateOf(kind, key, own)),
  );
}

function templateOf(kind: TemplateKind, key: string, files: Template["files"]): Template {
  const textOf = (file: string) => files.find(({ name }) => name === file)?.text ?? "";
  const described = /^description: (.+)$/m.exec(textOf("workflow.yaml"))?.[1];
  const comment = /\/\*\*([\s\S]*?)\*\//.exec(textOf("play.ts"))?.[1];
  const ordered = [...files].sort(
    (one, other) => rank(one.name) - rank(other.name) || one.name.localeCompare(other.name),
  );
  return {
    name: kind === "workflows" ? key.slice("workflows/".length) : key,
    kind,
    about: described ?? comment?.replace(/\s*\n\s*\* ?/g, " ").trim() ?? "",
    definitions: ordered.filter(({ name }) => name.endsWith(".yaml")).map(({ text }) => text),
    files: ordered.toReversed(),
  };
}

/** Children of the workflow are registered before it. It is the first file that a reader sees. */
const rank = (file: string): number => (file === "workflow.yaml" ? 2 : file.endsWith(".yaml") ? 1 : 0);
