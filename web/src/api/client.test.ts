import { describe, expect, it } from "vitest";

import { KEYLESS } from "@/gql/keyless";

describe("the cache", () => {
  it("keeps what has an id only within its parent there: the stages of one run are not those of another", () => {
    for (const name of ["RunStage", "RunJob", "RunStep", "ModuleDescription", "TestCase", "Actor"]) expect(KEYLESS).toContain(name);
  });
  it("knows objects of the API by their ids", () => {
    for (const name of ["PipelineRun", "ReleasePlan", "Environment", "Commit"]) expect(KEYLESS).not.toContain(name);
  });
});
