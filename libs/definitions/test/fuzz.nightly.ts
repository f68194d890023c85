import { describe } from "node:test";
import { fuzz } from "./fuzz.fixture.ts";

describe("ten thousand invalid definitions give located errors or a plan", () => fuzz(1));
