import { describe } from "node:test";
import { allPages } from "./docs/page.ts";
import { pageTests } from "./docs/page-tests.ts";
import { startsOwnPlatform } from "./docs/workshop.ts";

describe("documentation with a platform per page", { concurrency: 2 }, () => {
  const tests = pageTests();
  for (const page of allPages().filter(startsOwnPlatform)) tests.itPasses(page);
});
