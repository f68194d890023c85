import { describe } from "node:test";
import { commitTests } from "./archive-conformance/commit.ts";
import { dueTests } from "./archive-conformance/due.ts";
import type { ArchiveUnderTest } from "./archive-conformance/fixture.ts";
import { historyTests } from "./archive-conformance/history.ts";
import { lifeTests } from "./archive-conformance/life.ts";
import { ownerTests } from "./archive-conformance/owners.ts";
import { removalTests } from "./archive-conformance/removal.ts";
import { searchTests } from "./archive-conformance/search.ts";

/** The contract of an archive. Run it on each implementation. */
export function archiveConformance(underTest: ArchiveUnderTest): void {
  describe(`archive (${underTest.name})`, () => {
    commitTests(underTest);
    dueTests(underTest);
    historyTests(underTest);
    searchTests(underTest);
    removalTests(underTest);
    lifeTests(underTest);
    ownerTests(underTest);
  });
}
