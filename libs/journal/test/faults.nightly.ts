import { describe } from "node:test";
import { bitFlipTests } from "./bit-flips.fixture.ts";
import { faultyDiskTests } from "./faulty-disk.fixture.ts";

describe("segments on a faulty disk", () => faultyDiskTests(1_200));
describe("a flipped bit", () => bitFlipTests(1_200));
