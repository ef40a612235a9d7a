import { describe, expect, it } from "vitest";

import { arrivalsOf } from "./Artifacts";
import { type Job, type Run, type Stage, type Step, attemptsOf, drawingOf, failures, notCancelled, notRetried, stepsOf } from "./model";

type Result = Step["result"];
const times = { startedAt: null, finishedAt: null, error: null, progress: null, issues: [] };
const step = (id: string, result: Result, finishedAt: string | null = null): Step => ({ ...times, id, displayName: id, order: 1, state: "COMPLETED", result, logLines: 1, finishedAt });
const job = (id: string, result: Result, steps: Step[], leg: string | null = null): Job => ({ ...times, id, displayName: id, leg, order: 1, state: "COMPLETED", result, steps });
const stage = (id: string, jobs: Job[]): Stage => ({ ...times, id, displayName: id, order: 1, state: "COMPLETED", result: "SUCCEEDED", jobs });
const run = (...stages: Stage[]): Pick<Run, "stages"> => ({ stages });

describe("why a run failed", () => {
  it("begins with the step that failed first, wherever it stands", () => {
    const found = failures(run(
      stage("test", [job("one", "FAILED", [step("late", "FAILED", "2026-01-01T00:00:09Z")]), job("two", "FAILED", [step("early", "ERRORED", "2026-01-01T00:00:01Z"), step("fine", "SUCCEEDED")])]),
    ));
    expect(found.map((one) => one.step?.id)).toEqual(["early", "late"]);
  });

  it("names a job that failed without a step of its own", () => {
    const found = failures(run(stage("test", [job("lost", "ERRORED", [step("skipped", "SKIPPED")])])));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ step: null, job: { id: "lost" } });
  });
});

describe("the drawing of a run", () => {
  it("shows a stage with one job as one, and leads from all jobs of a stage to what is next", () => {
    const { nodes, edges } = drawingOf(run(stage("Lint", [job("Lint", "SUCCEEDED", [])]), stage("Test", [job("unit", "SUCCEEDED", [], "a"), job("slow", "FAILED", [])]), stage("Ship", [])));
    expect(nodes.map((node) => node.label)).toEqual(["Lint", "Test", "unit (a)", "slow", "Ship"]);
    expect(edges).toContainEqual({ from: "unit", to: "Ship" });
    expect(edges).toContainEqual({ from: "slow", to: "Ship" });
    expect(edges).toContainEqual({ from: "Lint", to: "Test" });
    expect(nodes.find((node) => node.id === "slow")?.tone).toBe("bad");
  });

  it("names steps by where they are", () => expect(stepsOf(run(stage("S", [job("J", "FAILED", [step("x", "FAILED")], "leg")])))).toEqual([{ id: "x", name: "S / J (leg) / x" }]));
});

describe("what can be done with a run", () => {
  it("says why not", () => {
    const by = { by: "ann", at: "2026-01-01T00:00:00Z", reason: null };
    expect([notCancelled({ status: "COMPLETED", cancellation: null }), notCancelled({ status: "RUNNING", cancellation: by }), notCancelled({ status: "QUEUED", cancellation: null })])
      .toEqual(["the run has ended", "ann asked for its end already", null]);
    expect(notRetried({ status: "RUNNING", outcome: null, retries: [] })).toContain("not ended");
    expect(notRetried({ status: "COMPLETED", outcome: "SUCCEEDED", retries: [] })).toContain("succeeded");
    expect(notRetried({ status: "COMPLETED", outcome: "FAILED", retries: [] })).toBeNull();
    expect(notRetried({ status: "COMPLETED", outcome: "FAILED", retries: [{ attempt: 2 }] })).toContain("attempt 2");
  });

  it("shows its attempts in their order", () => {
    const one = (attempt: number) => ({ id: `run_${attempt}`, attempt, status: "COMPLETED" as const, outcome: "FAILED" as const });
    expect(attemptsOf({ ...one(2), retriedFrom: one(1), retries: [one(4), one(3)] }, [one(5), one(2), one(1)]).map((attempt) => attempt.attempt)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("where a release runs", () => {
  const promotion = (id: string, environmentId: string, running: string | null) => ({
    id, environmentId, environmentName: environmentId, finishedAt: null,
    environment: running === null ? null : { id: environmentId, running: [{ module: "m", promotion: { id: running } }] },
  });
  it("is said by what the environment runs now, not by what was promoted", () => {
    const found = arrivalsOf({ promotions: { nodes: [promotion("p3", "prod", "p9"), promotion("p2", "dev", "p1"), promotion("p1", "dev", "p1"), promotion("p4", "hidden", null)] } });
    expect(found.map((one) => [one.name, one.runs])).toEqual([["prod", false], ["dev", true], ["hidden", null]]);
  });
});
