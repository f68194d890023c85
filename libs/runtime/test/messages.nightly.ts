import { describe, it } from "node:test";
import { idsIn } from "./bank.fixture.ts";
import { tradeByFoulMail } from "./two-banks.fixture.ts";

describe("messages between two processes", () => {
  const ids = [0, 1, 2, 3].flatMap((partition) => idsIn(partition, 3));
  for (let seed = 100; seed < 200; seed++) {
    it(`arrive once and in order by foul mail, over crashes and unknown outcomes (seed ${seed})`, () =>
      tradeByFoulMail(ids, seed));
  }
});
