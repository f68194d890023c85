import { describe } from "node:test";
import { appendTests } from "./conformance/append.ts";
import { chainTests } from "./conformance/chain.ts";
import { failureTests } from "./conformance/failure.ts";
import { fencingTests } from "./conformance/fencing.ts";
import { lifeTests } from "./conformance/life.ts";
import { readTests } from "./conformance/read.ts";
import type { JournalUnderTest } from "./fixture.ts";

/** The contract of a journal. Run it on each implementation. */
export function journalConformance(underTest: JournalUnderTest): void {
  describe(`journal (${underTest.name})`, { skip: underTest.skip ?? false }, () => {
    appendTests(underTest);
    fencingTests(underTest);
    readTests(underTest);
    chainTests(underTest);
    if (underTest.canFail) failureTests(underTest);
    lifeTests(underTest);
  });
}
