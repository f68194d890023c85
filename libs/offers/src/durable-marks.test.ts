import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OfferRequest } from "@tutti/contracts/swarm/v1";
import fc from "fast-check";
import { DurableMarks } from "./durable-marks.ts";

/** The receiver of marks, with the results that they report as durable. */
class Listener {
  readonly known = new Set<number>();

  receive(marks: DurableMarks): boolean {
    const request = OfferRequest.create();
    const hasChanges = marks.write(request);
    for (let number = 1; number <= request.resultsDurable; number++) this.known.add(number);
    for (const number of request.resultsDurableBeyond) {
      assert.ok(!this.known.has(number), `${number} is told once`);
      this.known.add(number);
    }
    return hasChanges;
  }
}

describe("DurableMarks", () => {
  it("in whichever order results become durable, each is known soon, and no mark is sent twice", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }).chain((size) =>
          fc.tuple(
            fc.shuffledSubarray(
              Array.from({ length: size }, (_, index) => index + 1),
              { minLength: size, maxLength: size },
            ),
            fc.array(fc.boolean(), { minLength: size, maxLength: size }),
          ),
        ),
        ([order, tellings]) => {
          const marks = new DurableMarks();
          for (const _ of order) marks.nextNumber();
          const listener = new Listener();
          const done = new Set<number>();
          for (const [index, number] of order.entries()) {
            marks.durable(number);
            done.add(number);
            if (tellings[index] === true) {
              listener.receive(marks);
              assert.deepEqual(listener.known, done);
            }
          }
          listener.receive(marks);
          assert.deepEqual(listener.known, done);
          assert.equal(listener.receive(marks), false);
        },
      ),
    );
  });
});
