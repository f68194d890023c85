/** The tests of the blocks of pages, as the reader of a page would run them, one after the other. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import type { Section } from "@tutti/kernel";
import { type Folder, makeFolder, type Service } from "../support/services.ts";
import { type Bench, kinds } from "./kinds.ts";
import { linkPackages } from "./packages.ts";
import { type Page, root } from "./page.ts";
import { Programs } from "./programs.ts";
import { folderOf, Workshop } from "./workshop.ts";

/** Returns the folder of the pages of a suite, and the test of a page. */
export function pageTests() {
  let folder: Folder;
  let sections: readonly Section[];
  const programs = new Programs();

  before(async () => {
    folder = await makeFolder();
    await linkPackages(folder.path);
    writeFileSync(join(folder.path, "package.json"), '{"type": "module"}\n');
    const declared = await import("../../../../tools/reference/declared.mjs");
    sections = await declared.declaredSections(declared.sourceFiles(root));
  });
  after(async () => {
    programs[Symbol.dispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const tryPage = async (page: Page, platform?: Service) => {
    await using workshop = new Workshop(join(folder.path, folderOf(page.path)), programs, platform);
    const bench: Bench = { workshop, sections, printed: undefined };
    for (const block of page.blocks) {
      const kind = kinds[block.kind];
      const known = Object.keys(kinds).join(", ");
      assert.ok(
        kind,
        `${block.place}: expected a block of a kind among ${known}, got ${block.kind || "none"}`,
      );
      try {
        await kind(block, bench);
      } catch (error) {
        throw new Error(`${block.place}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
      // Output is shown directly below the block that printed it.
      if (block.kind !== "sh" && block.kind !== "ts") bench.printed = undefined;
    }
    assert.deepEqual([...workshop.deprecations], [], `${page.path} uses deprecated options`);
  };

  return {
    tryPage,
    itPasses: (page: Page) => it(`${page.path}: every block passes its check`, () => tryPage(page)),
    get folder() {
      return folder;
    },
  };
}
