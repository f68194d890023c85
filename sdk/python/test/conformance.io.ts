import { describeConformance } from "./conformance.fixture.ts";

describeConformance("grpc");
