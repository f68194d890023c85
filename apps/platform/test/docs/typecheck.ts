/** Checks all programs on the pages in one run of the compiler, as strictly as those of the workspace. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isChange } from "./kinds.ts";
import { type Page, root } from "./page.ts";
import { folderOf, run } from "./workshop.ts";

export async function typecheckPrograms(pages: readonly Page[], folder: string): Promise<void> {
  const places: string[] = [];
  for (const { path, blocks } of pages) {
    // Declarations are output of the compiler.
    const programs = blocks.filter((block) => block.kind === "ts" && !isOfOthers(block) && !isChange(block));
    for (const [index, { text, options, place }] of programs.entries()) {
      const name = join(folderOf(path), options["file"] ?? `example-${index}.ts`);
      places.push(`${name} is ${place}`);
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  }
  const base = join(root, "tsconfig.base.json");
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: base, include: ["**/*.ts"] }));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [compiler, "-p", folder], folder).catch((error: Error) => {
    throw new Error(`${error.message}\n${places.join("\n")}`);
  });
}

/** True for a generated declaration, and for a program with packages that are not installed here. */
function isOfOthers({ options }: Page["blocks"][number]): boolean {
  return options["kind"] === "declaration" || options["kind"] === "framework";
}
