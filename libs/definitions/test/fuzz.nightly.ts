import { describe } from "node:test";
import { fuzz } from "./fuzz.fixture.ts";

describe("ten thousand definitions that are wrong somewhere give located errors or a plan", () => fuzz(1));
