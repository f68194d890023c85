import { describe } from "node:test";
import { fuzz } from "./fuzz.fixture.ts";

describe("five hundred definitions that are wrong somewhere give located errors or a plan", () => fuzz(0.05));
