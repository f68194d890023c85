import { describe } from "node:test";
import { fuzz } from "./fuzz.fixture.ts";

describe("five hundred invalid definitions give located errors or a plan", () => fuzz(0.05));
