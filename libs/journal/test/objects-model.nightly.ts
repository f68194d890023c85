import { modelOfObjects } from "./objects-model.fixture.ts";

modelOfObjects([103, 104, 105, 106, 107, 108, 109], 150);
