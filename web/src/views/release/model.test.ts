import { describe, expect, it } from "vitest";

import { type Decidable, samePerson, standing, stillMissing, whyNotApprove } from "./model";

const approval = (approver: string, state: "VALID" | "VOID" = "VALID") => ({ approver, decision: "APPROVED", state }) as const;
const release = (more: Partial<Decidable> = {}): Decidable => ({
  status: "PENDING_APPROVAL", projectId: "shop", plannedBy: "ada", authors: ["eve@localhost"], requiredApprovals: 2, approvals: [], ...more,
});
const open = { approvers: null, authorsMayApprove: false };
const named = (...approvers: string[]) => ({ approvers, authorsMayApprove: false });

describe("why somebody may not approve", () => {
  const why = (id: string, rules: Parameters<typeof whyNotApprove>[3] = open, more: Partial<Decidable> = {}, kind = "USER") => whyNotApprove(release(more), { id, kind }, null, rules);

  it("keeps the planner and the authors from it, as the server tells names apart", () => {
    expect(why("Ada")).toMatch(/planned/);
    expect(why("eve")).toMatch(/wrote/);
    expect(why("eve", { approvers: null, authorsMayApprove: true })).toBeNull();
    expect(why("bob")).toBeNull();
  });

  it("goes by the project's list", () => {
    expect(why("bob", named("zoe"))).toMatch(/only these people.*zoe/);
    expect(why("bob", named())).toMatch(/nobody/);
    expect(why("zoe", named("zoe"))).toBeNull();
    expect(why("ada", named("ada"))).toMatch(/planned/);
  });

  it("lets programs decide only where they are named", () => {
    expect(why("bot", open, {}, "SERVICE")).toMatch(/program/);
    expect(why("bot", named("bot"), {}, "SERVICE")).toBeNull();
    expect(why("bot", named("bot"), {}, "SYSTEM")).toMatch(/program/);
  });

  it("knows what was decided, and does not guess where it does not know", () => {
    expect(why("bob", open, { approvals: [approval("Bob")] })).toMatch(/already/);
    expect(why("bob", open, { approvals: [approval("bob", "VOID")] })).toBeNull();
    expect(why("bob", open, { status: "REJECTED" })).toBe("the release is rejected");
    expect(whyNotApprove(release(), null, null, undefined)).toBeNull();
    expect(whyNotApprove(release(), { id: "bob" }, "your token lacks it", open)).toBe("your token lacks it");
  });
});

describe("who must still approve", () => {
  it("counts a person once, and void approvals not at all", () => {
    expect(standing(release({ approvals: [approval("bob"), approval("BOB"), approval("zoe", "VOID")] }))).toHaveLength(1);
  });

  it("leaves out of the list who may not or did already", () => {
    expect(stillMissing(release({ approvals: [approval("bob")] }), named("ada", "bob", "zoe", "eve"))).toBe("1 more person of zoe must approve (1 of 2 did).");
    expect(stillMissing(release(), named("ada", "zoe"))).toBe("2 more people must approve, but the project names only zoe (0 of 2 did).");
    expect(stillMissing(release(), named())).toMatch(/nobody who may/);
    expect(stillMissing(release({ requiredApprovals: 1, approvals: [approval("bob")] }), open)).toBe("1 of 1 approvals are given.");
  });
});

it("takes nobody for the same as nobody", () => expect(samePerson("", "@localhost")).toBe(false));
