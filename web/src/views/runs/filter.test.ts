import { describe, expect, it } from "vitest";

import { type Definition, SIZE, filterOf, modulesOf, pageOf } from "./filter";

const definition = (id: string, repositoryId: string, module: { id: string; name: string } | null): Definition => ({ id, repositoryId, module, repository: { name: repositoryId } });
const modules = modulesOf([definition("p2", "r1", { id: "pay", name: "Payments" }), definition("p1", "r1", { id: "pay", name: "Payments" }), definition("p3", "r2", null)]);

describe("the filter of runs", () => {
  it("knows each module once, the one of the newest definition", () => expect(modules.map((one) => one.name)).toEqual(["Payments", "r2"]));

  it("takes a module by its id or name, and the rest only where the API knows the word", () => {
    expect(filterOf("web", { module: "pay", status: "RUNNING", outcome: "NONSENSE", branch: "main" }, modules)).toEqual({ projectId: "web", repositoryId: "r1", status: "RUNNING", branch: "main" });
    expect(filterOf("web", { module: "Payments" }, modules)).toEqual({ projectId: "web", repositoryId: "r1" });
  });

  it("does not show the runs of every module for one that is not known", () => expect(filterOf("web", { module: "gone" }, modules)).toBeNull());

  it("pages both ways", () => {
    expect(pageOf({})).toEqual({ first: SIZE });
    expect(pageOf({ after: "a" })).toEqual({ first: SIZE, after: "a" });
    expect(pageOf({ before: "b" })).toEqual({ last: SIZE, before: "b" });
  });
});
